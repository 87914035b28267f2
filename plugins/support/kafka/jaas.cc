#include "plugins/support/kafka/jaas.h"

#include <fmt/format.h>

namespace millrace::kafka {
namespace {

/// Words, quoted texts and the signs between them.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// "" at the end and before a sign.
  std::string word() {
    skip_space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != '=' && text_[at_] != ';')
      ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  bool take(char sign) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != sign) return false;
    ++at_;
    return true;
  }

  /// A quoted text, with \" and \\ in it, or a word.
  Result<std::string> value() {
    if (!take('"')) return word();
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_++];
    }
    if (!take('"')) return fail(Errc::invalid, "a quoted value does not end");
    return out;
  }

  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }
  std::size_t position() const { return at_ + 1; }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

constexpr const char* kForm = "expected: MODULE required name=\"value\" ... ;";

}  // namespace

std::string_view JaasLine::get(std::string_view name) const {
  for (const auto& [key, value] : settings)
    if (key == name) return value;
  return {};
}

Result<JaasLine> parse_jaas(std::string_view text) {
  Scanner in(text);
  JaasLine line;
  line.module = in.word();
  if (const auto dot = line.module.rfind('.'); dot != std::string::npos)
    line.module.erase(0, dot + 1);
  if (line.module.empty() || in.word().empty())
    return fail(Errc::invalid, fmt::format("is no login module's line; {}", kForm));
  while (!in.at_end() && !in.take(';')) {
    std::string name = in.word();
    if (name.empty() || !in.take('='))
      return fail(Errc::invalid,
                  fmt::format("no name and `=` at character {}; {}", in.position(), kForm));
    auto value = in.value();
    if (!value) return fail(std::move(value).error());
    line.settings.emplace_back(std::move(name), std::move(*value));
  }
  if (!in.at_end()) return fail(Errc::invalid, "holds more than one login module");
  return line;
}

}  // namespace millrace::kafka
