#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "engine.h"

namespace grok::testing {
namespace {

constexpr std::size_t kStackBytes = std::size_t{1} << 20;

PCRE2_SPTR bytes(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data() ? text.data() : "");
}

class Pcre2 : public Engine {
 public:
  Pcre2(pcre2_code* code, bool jit) : code_(code), jit_(jit) {
    data_ = pcre2_match_data_create_from_pattern(code, nullptr);
    bare_ = pcre2_match_data_create(1, nullptr);
    context_ = pcre2_match_context_create(nullptr);
    stack_ = pcre2_jit_stack_create(32 * 1024, kStackBytes, nullptr);
    pcre2_jit_stack_assign(context_, nullptr, stack_);
    pcre2_set_match_limit(context_, kRetryLimit);
  }
  ~Pcre2() override {
    pcre2_match_data_free(data_);
    pcre2_match_data_free(bare_);
    pcre2_match_context_free(context_);
    pcre2_jit_stack_free(stack_);
    pcre2_code_free(code_);
  }

  Outcome match(std::string_view subject, std::span<Span> spans) override {
    pcre2_match_data* const data = spans.empty() ? bare_ : data_;
    // The direct entry to the JIT's code leaves out the checks of arguments.
    const int count =
        jit_ ? pcre2_jit_match(code_, bytes(subject), subject.size(), 0, 0, data, context_)
             : pcre2_match(code_, bytes(subject), subject.size(), 0, 0, data, context_);
    if (count == PCRE2_ERROR_NOMATCH) return Outcome::no_match;
    if (count < 0) return Outcome::limit;
    const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data);
    for (std::size_t i = 0; i < spans.size(); ++i) {
      const bool took_part = static_cast<int>(i) + 1 < count && ends[2 * (i + 1)] != PCRE2_UNSET;
      spans[i] = took_part ? Span{static_cast<std::int64_t>(ends[2 * (i + 1)]),
                                  static_cast<std::int64_t>(ends[2 * (i + 1) + 1])}
                           : Span{};
    }
    return Outcome::match;
  }

 private:
  pcre2_code* const code_;
  const bool jit_;
  pcre2_match_data* data_;
  pcre2_match_data* bare_;
  pcre2_match_context* context_;
  pcre2_jit_stack* stack_;
};

}  // namespace

std::unique_ptr<Engine> make_pcre2(const std::string& expression, Pcre2Mode mode,
                                   std::string& error) {
  std::uint32_t flags = PCRE2_MULTILINE | PCRE2_DOTALL;
  if (mode == Pcre2Mode::utf) flags |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
  int status = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* const code =
      pcre2_compile(bytes(expression), expression.size(), flags, &status, &offset, nullptr);
  if (!code) {
    PCRE2_UCHAR text[200];
    pcre2_get_error_message(status, text, sizeof text);
    error = reinterpret_cast<const char*>(text);
    return nullptr;
  }
  // pcre2_jit_match() has no part in what invalid UTF-8 asks for; pcre2_match() does.
  const bool jit = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0 && mode == Pcre2Mode::bytes;
  return std::make_unique<Pcre2>(code, jit);
}

}  // namespace grok::testing
