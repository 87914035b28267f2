#include <re2/re2.h>

#include "engine.h"

namespace grok::testing {
namespace {

class Re2 : public Engine {
 public:
  explicit Re2(std::unique_ptr<RE2> regex)
      : regex_(std::move(regex)),
        groups_(static_cast<std::size_t>(regex_->NumberOfCapturingGroups()) + 1) {}

  Outcome match(std::string_view subject, std::span<Span> spans) override {
    const re2::StringPiece text(subject.data(), subject.size());
    const int wanted = spans.empty() ? 0 : static_cast<int>(groups_.size());
    if (!regex_->Match(text, 0, text.size(), RE2::UNANCHORED, groups_.data(), wanted))
      return Outcome::no_match;
    for (std::size_t i = 0; i < spans.size(); ++i) {
      const re2::StringPiece group = i + 1 < groups_.size() ? groups_[i + 1] : nullptr;
      const std::int64_t begin = group.data() ? group.data() - text.data() : -1;
      spans[i] = Span{begin, begin < 0 ? -1 : begin + static_cast<std::int64_t>(group.size())};
    }
    return Outcome::match;
  }

 private:
  std::unique_ptr<RE2> regex_;
  std::vector<re2::StringPiece> groups_;
};

}  // namespace

std::unique_ptr<Engine> make_re2(const std::string& expression, std::string& error) {
  RE2::Options options;
  options.set_dot_nl(true);
  options.set_log_errors(false);
  options.set_max_mem(std::int64_t{64} << 20);
  auto regex = std::make_unique<RE2>("(?m)" + expression, options);
  if (!regex->ok()) {
    error = regex->error();
    return nullptr;
  }
  return std::make_unique<Re2>(std::move(regex));
}

}  // namespace grok::testing
