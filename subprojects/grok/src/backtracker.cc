#include "backtracker.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

#include "emit.h"

namespace grok {
namespace {

template <auto Free>
struct Freeing {
  void operator()(auto* owned) const { Free(owned); }
};
using CodePtr = std::unique_ptr<pcre2_code, Freeing<pcre2_code_free>>;
using DataPtr = std::unique_ptr<pcre2_match_data, Freeing<pcre2_match_data_free>>;
using StackPtr = std::unique_ptr<pcre2_jit_stack, Freeing<pcre2_jit_stack_free>>;
using CompileContextPtr =
    std::unique_ptr<pcre2_compile_context, Freeing<pcre2_compile_context_free>>;
using MatchContextPtr = std::unique_ptr<pcre2_match_context, Freeing<pcre2_match_context_free>>;

constexpr std::size_t kJitStackBytes = std::size_t{1} << 20;
constexpr std::uint32_t kHeapKib = 16 * 1024;  // of the interpreter, where there is no JIT
constexpr std::uint32_t kMaxNesting = 4000;    // the parser's bound, and what emitting adds
/// Backtracking steps that are tried before the clock is looked at.
constexpr std::uint32_t kFirstSteps = 20'000;
/// How many starting offsets are tried between looks at the clock.
constexpr std::size_t kStartsPerLook = 64;

PCRE2_SPTR bytes(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data() ? text.data() : "");
}

}  // namespace

struct Backtracker::Code {
  CodePtr code;
  std::vector<std::uint32_t> groups;
  std::uint32_t pairs = 1;

  static std::unique_ptr<Code> compile(const Syntax& syntax, Dialect dialect, SyntaxError& error);
};

std::unique_ptr<Backtracker::Code> Backtracker::Code::compile(const Syntax& syntax, Dialect dialect,
                                                              SyntaxError& error) {
  Emitted emitted = emit(syntax, dialect, false);
  const CompileContextPtr context(pcre2_compile_context_create(nullptr));
  pcre2_set_parens_nest_limit(context.get(), kMaxNesting);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  // PCRE2 10.42 and its JIT are wrong about where some expressions may begin: `(?:aa|)a*a`,
  // `(?=a)a?a`, `(?>.+?)a`. So every place is tried.
  std::uint32_t flags = PCRE2_MULTILINE | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C |
                        PCRE2_USE_OFFSET_LIMIT | PCRE2_NO_START_OPTIMIZE;
  // Nor does it give anything back in front of an atomic group that may be empty: `a?(?>b?)a`.
  const auto keeps = [](const Node& node) {
    return node.kind == Kind::atomic || node.greed == Greed::possessive;
  };
  if (std::any_of(syntax.nodes.begin(), syntax.nodes.end(), keeps)) flags |= PCRE2_NO_AUTO_POSSESS;
  if (dialect == Dialect::pcre2_utf) flags |= PCRE2_UTF | PCRE2_NO_UTF_CHECK;
  int problem = 0;
  PCRE2_SIZE at = 0;
  auto made = std::make_unique<Code>();
  made->code.reset(
      pcre2_compile(bytes(emitted.text), emitted.text.size(), flags, &problem, &at, context.get()));
  if (!made->code) {
    PCRE2_UCHAR text[200];
    pcre2_get_error_message(problem, text, sizeof text);
    error = {reinterpret_cast<const char*>(text), {}, emitted.origin(at)};
    return nullptr;
  }
  pcre2_jit_compile(made->code.get(), PCRE2_JIT_COMPLETE);  // without a JIT it interprets
  made->groups = std::move(emitted.group_of_capture);
  made->groups.resize(syntax.named);
  made->pairs = syntax.groups + 1;
  return made;
}

struct Backtracker::Scratch::State {
  DataPtr data;
  std::uint32_t pairs = 0;
  MatchContextPtr context{pcre2_match_context_create(nullptr)};
  StackPtr stack{pcre2_jit_stack_create(32 * 1024, kJitStackBytes, nullptr)};

  State() {
    pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
    pcre2_set_heap_limit(context.get(), kHeapKib);
  }
  void fit(std::uint32_t wanted) {
    if (wanted <= pairs) return;
    data.reset(pcre2_match_data_create(wanted, nullptr));
    pairs = wanted;
  }
};

Backtracker::Scratch::Scratch() : state_(std::make_unique<State>()) {}
Backtracker::Scratch::~Scratch() = default;
Backtracker::~Backtracker() = default;

std::unique_ptr<Backtracker> Backtracker::compile(const Syntax& syntax, SyntaxError& error) {
  std::unique_ptr<Backtracker> made(new Backtracker);
  made->syntax_ = &syntax;
  made->ascii_ = Code::compile(syntax, Dialect::pcre2_ascii, error);
  return made->ascii_ ? std::move(made) : nullptr;
}

const Backtracker::Code* Backtracker::code_for(bool ascii) const {
  if (ascii) return ascii_.get();
  std::call_once(utf_once_, [this] {
    SyntaxError ignored;  // nullptr says enough: such subjects end with `limit`
    utf_ = Code::compile(*syntax_, Dialect::pcre2_utf, ignored);
  });
  return utf_.get();
}

/// Runs the code with what it may start with and spend.
int Backtracker::run(const Code& code, std::string_view subject, Starts starts, std::uint64_t steps,
                     Scratch::State& state) {
  state.fit(code.pairs);
  pcre2_set_match_limit(state.context.get(), static_cast<std::uint32_t>(steps));
  pcre2_set_offset_limit(state.context.get(), starts.last);
  return pcre2_match(code.code.get(), bytes(subject), subject.size(), starts.first,
                     PCRE2_NO_UTF_CHECK, state.data.get(), state.context.get());
}

Outcome Backtracker::finish(const Code& code, int result, const Scratch::State& state,
                            std::span<Span> spans, Span& whole) {
  if (result == PCRE2_ERROR_NOMATCH) return Outcome::no_match;
  if (result < 0) return Outcome::limit;
  const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(state.data.get());
  const auto span_of = [&](std::uint32_t group) {
    return group < static_cast<std::uint32_t>(result) && ends[2 * group] != PCRE2_UNSET
               ? Span{static_cast<std::int64_t>(ends[2 * group]),
                      static_cast<std::int64_t>(ends[2 * group + 1])}
               : Span{};
  };
  whole = span_of(0);
  const std::size_t count = std::min(spans.size(), code.groups.size());
  for (std::size_t i = 0; i < count; ++i)
    spans[i] = code.groups[i] > 0 ? span_of(code.groups[i]) : Span{};
  return Outcome::match;
}

Outcome Backtracker::match(std::string_view subject, bool ascii, std::chrono::nanoseconds timeout,
                           Scratch& scratch, std::span<Span> spans, Span& whole) const {
  using Clock = std::chrono::steady_clock;
  const Code* code = code_for(ascii);
  if (!code) return Outcome::limit;
  Scratch::State& state = *scratch.state_;
  // Nearly all subjects end here. Else PCRE2, which knows no clock, is run in pieces.
  int result = run(*code, subject, {0, subject.size()}, kFirstSteps, state);
  if (result != PCRE2_ERROR_MATCHLIMIT) return finish(*code, result, state, spans, whole);
  const Clock::time_point start = Clock::now();
  std::uint64_t steps = kFirstSteps;
  for (std::size_t from = 0; from <= subject.size();) {
    const std::size_t last = std::min(subject.size(), from + kStartsPerLook - 1);
    result = run(*code, subject, {from, last}, steps, state);
    const bool over = timeout.count() > 0 && Clock::now() - start >= timeout;
    if (result == PCRE2_ERROR_NOMATCH) {
      from = last + 1;
      while (!ascii && from < subject.size() && (subject[from] & 0xc0) == 0x80) ++from;
      if (over && from <= subject.size()) return Outcome::limit;
    } else if (result == PCRE2_ERROR_MATCHLIMIT) {
      if (over || steps >= UINT32_MAX) return Outcome::limit;
      steps = std::min<std::uint64_t>(steps * 2, UINT32_MAX);
    } else {
      break;
    }
  }
  return finish(*code, result, state, spans, whole);
}

}  // namespace grok
