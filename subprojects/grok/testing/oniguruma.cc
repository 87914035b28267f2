#include <oniguruma.h>

#include <mutex>

#include "engine.h"

namespace grok::testing {
namespace {

const OnigUChar* bytes(std::string_view text) {
  return reinterpret_cast<const OnigUChar*>(text.data() ? text.data() : "");
}

class Oniguruma : public Engine {
 public:
  Oniguruma(regex_t* regex, OnigurumaMode mode)
      : regex_(regex), mode_(mode), region_(onig_region_new()) {}
  ~Oniguruma() override {
    onig_region_free(region_, 1);
    onig_free(regex_);
  }

  Outcome match(std::string_view subject, std::span<Span> spans) override {
    OnigRegion* const region = spans.empty() ? nullptr : region_;
    const int at =
        mode_ == OnigurumaMode::search ? search(subject, region) : try_all(subject, region);
    if (at == ONIG_MISMATCH) return Outcome::no_match;
    if (at < 0) return Outcome::limit;
    for (std::size_t i = 0; i < spans.size(); ++i) {
      const bool took_part =
          static_cast<int>(i) + 1 < region_->num_regs && region_->beg[i + 1] != ONIG_REGION_NOTPOS;
      spans[i] = took_part ? Span{region_->beg[i + 1], region_->end[i + 1]} : Span{};
    }
    return Outcome::match;
  }

 private:
  int search(std::string_view subject, OnigRegion* region) {
    const OnigUChar* const begin = bytes(subject);
    const OnigUChar* const end = begin + subject.size();
    return onig_search(regex_, begin, end, begin, end, region, ONIG_OPTION_NONE);
  }

  int try_all(std::string_view subject, OnigRegion* region) {
    const OnigUChar* const begin = bytes(subject);
    const OnigUChar* const end = begin + subject.size();
    for (const OnigUChar* at = begin; at <= end; ++at) {
      if (at < end && (*at & 0xC0) == 0x80) continue;  // inside of a character
      const int length = onig_match(regex_, begin, end, at, region, ONIG_OPTION_NONE);
      if (length != ONIG_MISMATCH) return length;
    }
    return ONIG_MISMATCH;
  }

  regex_t* const regex_;
  const OnigurumaMode mode_;
  OnigRegion* const region_;
};

void initialize() {
  static std::once_flag once;
  std::call_once(once, [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
    onig_set_warn_func(onig_null_warn);
    onig_set_verb_warn_func(onig_null_warn);
    onig_set_retry_limit_in_match(kRetryLimit);
    onig_set_retry_limit_in_search(kRetryLimit);
  });
}

}  // namespace

std::unique_ptr<Engine> make_oniguruma(const std::string& expression, OnigurumaMode mode,
                                       std::string& error) {
  initialize();
  regex_t* regex = nullptr;
  OnigErrorInfo info;
  const int status = onig_new(&regex, bytes(expression), bytes(expression) + expression.size(),
                              ONIG_OPTION_MULTILINE, ONIG_ENCODING_UTF8, ONIG_SYNTAX_RUBY, &info);
  if (status == ONIG_NORMAL) return std::make_unique<Oniguruma>(regex, mode);
  OnigUChar text[ONIG_MAX_ERROR_MESSAGE_LEN];
  const int length = onig_error_code_to_str(text, status, &info);
  error.assign(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
  return nullptr;
}

}  // namespace grok::testing
