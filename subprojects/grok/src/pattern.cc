#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "expand.h"
#include "grok/grok.h"
#include "translate.h"

namespace grok {
namespace {

constexpr std::size_t kJitStackBytes = std::size_t{1} << 20;

PCRE2_SPTR bytes(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data() ? text.data() : "");
}

std::string message_of(int error) {
  PCRE2_UCHAR text[200];
  pcre2_get_error_message(error, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

}  // namespace

struct Pattern::Code {
  pcre2_code* code = nullptr;
  std::uint32_t match_limit = 0;
  ~Code() { pcre2_code_free(code); }
};

struct Pattern::Scratch::State {
  pcre2_match_data* data = nullptr;
  std::uint32_t pairs = 0;
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  pcre2_jit_stack* stack = pcre2_jit_stack_create(32 * 1024, kJitStackBytes, nullptr);

  State() { pcre2_jit_stack_assign(context, nullptr, stack); }
  ~State() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_jit_stack_free(stack);
  }
  void fit(std::uint32_t wanted) {
    if (wanted <= pairs) return;
    pcre2_match_data_free(data);
    data = pcre2_match_data_create(wanted, nullptr);
    pairs = wanted;
  }
};

Pattern::Scratch::Scratch() : state_(std::make_unique<State>()) {}
Pattern::Scratch::~Scratch() = default;
Pattern::Scratch::Scratch(Scratch&&) noexcept = default;

std::string_view describe(Tier tier) {
  return tier == Tier::pcre2_jit ? "PCRE2 with JIT" : "PCRE2";
}

Result<std::shared_ptr<const Pattern>> Pattern::compile(std::string_view expression,
                                                        const PatternSet& patterns,
                                                        const CompileOptions& options) {
  auto expanded = expand(expression, patterns, options.named_captures_only);
  if (!expanded) return expanded.error();
  const Translated translated = translate(expanded->text);
  if (!translated.error.empty()) {
    Error error =
        expanded->error_at(translated.error_offset, translated.error, expression, patterns);
    error.hint = translated.hint;
    return error;
  }
  std::uint32_t flags = PCRE2_MULTILINE | PCRE2_DOTALL | PCRE2_UTF | PCRE2_UCP |
                        PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
  // As in Ruby, plain groups do not capture beside named ones; here it also saves work.
  if (!translated.has_back_references) flags |= PCRE2_NO_AUTO_CAPTURE;
  int code_error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_shared<Code>();
  code->code = pcre2_compile(bytes(translated.text), translated.text.size(), flags, &code_error,
                             &offset, nullptr);
  if (!code->code) {
    const std::size_t at =
        offset < translated.origin.size() ? translated.origin[offset] : expanded->text.size();
    return expanded->error_at(at, "regular expression: " + message_of(code_error), expression,
                              patterns);
  }
  code->match_limit = options.match_limit;

  std::shared_ptr<Pattern> pattern(new Pattern);
  pattern->tier_ =
      pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE) == 0 ? Tier::pcre2_jit : Tier::pcre2;
  pattern->captures_ = std::move(expanded->captures);
  for (std::size_t i = 0; i < pattern->captures_.size(); ++i) {
    const std::string name = "g" + std::to_string(i);
    pattern->groups_.push_back(
        static_cast<std::uint32_t>(pcre2_substring_number_from_name(code->code, bytes(name))));
  }
  pattern->expanded_ = std::move(expanded->text);
  pattern->code_ = std::move(code);
  return std::shared_ptr<const Pattern>(std::move(pattern));
}

Outcome Pattern::match(std::string_view subject, Scratch& scratch, std::span<Span> spans) const {
  Scratch::State& state = *scratch.state_;
  std::uint32_t groups = 0;
  pcre2_pattern_info(code_->code, PCRE2_INFO_CAPTURECOUNT, &groups);
  state.fit(groups + 1);
  pcre2_set_match_limit(state.context, code_->match_limit);
  const int count =
      pcre2_match(code_->code, bytes(subject), subject.size(), 0, 0, state.data, state.context);
  if (count == PCRE2_ERROR_NOMATCH) return Outcome::no_match;
  if (count < 0) return Outcome::limit;
  const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(state.data);
  for (std::size_t i = 0; i < groups_.size() && i < spans.size(); ++i) {
    const std::uint32_t group = groups_[i];
    const bool took_part =
        group < static_cast<std::uint32_t>(count) && ends[2 * group] != PCRE2_UNSET;
    spans[i] = took_part ? Span{static_cast<std::int64_t>(ends[2 * group]),
                                static_cast<std::int64_t>(ends[2 * group + 1])}
                         : Span{};
  }
  return Outcome::match;
}

}  // namespace grok
