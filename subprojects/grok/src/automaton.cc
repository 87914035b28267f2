#include "automaton.h"

#include <algorithm>

namespace grok {
namespace {

/// Starting offsets that PCRE2 tries one by one.
constexpr unsigned kSingleStarts = 2;
/// It may then try as many at once as keep the bytes it can pass under this.
constexpr std::size_t kWindowBytes = std::size_t{1} << 19;
constexpr std::size_t kWindowStarts = 512;
/// Shorter subjects are not worth RE2's automaton.
constexpr std::size_t kShort = 48;

}  // namespace

std::unique_ptr<Automaton> Automaton::compile(const Syntax& syntax, bool alone, Refusal& refusal) {
  std::unique_ptr<Automaton> made(new Automaton);
  made->program_ = build_program(syntax, refusal);
  if (!made->program_) return nullptr;
  made->syntax_ = &syntax;
  made->literals_ = required_literals(syntax);
  if (alone) return made;
  SyntaxError ignored;
  made->jit_ = Backtracker::compile(syntax, true, ignored);
  if (made->jit_ && !made->jit_->has_jit()) made->jit_ = nullptr;
  return made;
}

bool Automaton::may_match(std::string_view subject) const {
  if (subject.size() < kShort) return true;
  std::call_once(filter_once_, [this] { filter_ = Re2Engine::compile_filter(*syntax_, true); });
  return !filter_ || filter_->contains(subject);
}

/// Asks PCRE2. nullopt: it is the matcher's turn, at `from`.
std::optional<Outcome> Automaton::ask_jit(const Matcher& matcher, std::string_view subject,
                                          bool ascii, Backtracker::Scratch& scratch,
                                          std::span<Span> spans, Span& whole,
                                          std::size_t& from) const {
  const bool proofs_first = fails_often_.load(std::memory_order_relaxed);
  if (proofs_first && !(contains_in_order(subject, literals_) && may_match(subject)))
    return Outcome::no_match;
  for (unsigned tried = 0; tried < kSingleStarts; ++tried) {
    const auto start = from <= subject.size() ? matcher.next_start(from) : std::nullopt;
    if (!start) return Outcome::no_match;
    from = *start;
    const Outcome outcome = jit_->match_from(subject, ascii, {from, from}, scratch, spans, whole);
    if (outcome == Outcome::match) return outcome;
    if (outcome == Outcome::limit) return std::nullopt;
    from = matcher.behind(from);
  }
  if (!proofs_first && !contains_in_order(subject, literals_)) return Outcome::no_match;
  const auto start = from <= subject.size() ? matcher.next_start(from) : std::nullopt;
  if (!start) return Outcome::no_match;
  from = *start;
  const std::size_t window = std::min(kWindowStarts, kWindowBytes / subject.size());
  if (window > 0) {
    const std::size_t last = std::min(subject.size(), from + window - 1);
    const Outcome outcome = jit_->match_from(subject, ascii, {from, last}, scratch, spans, whole);
    if (outcome == Outcome::match) return outcome;
    if (outcome == Outcome::no_match) {
      if (last == subject.size()) return outcome;
      from = matcher.behind(last);
    }
  }
  if (!proofs_first && !may_match(subject)) return Outcome::no_match;
  return std::nullopt;
}

std::optional<Outcome> Automaton::match(std::string_view subject, bool ascii,
                                        MatcherScratch& scratch, Backtracker::Scratch& jit_scratch,
                                        std::span<Span> spans, Span& whole) const {
  Matcher matcher(*program_, subject, ascii, scratch);
  std::size_t from = 0;
  if (jit_) {
    if (const auto done = ask_jit(matcher, subject, ascii, jit_scratch, spans, whole, from)) {
      const bool failed = *done == Outcome::no_match;
      if (fails_often_.load(std::memory_order_relaxed) != failed)
        fails_often_.store(failed, std::memory_order_relaxed);
      return done;
    }
  }
  const Ran ran = from <= subject.size() ? matcher.run(from) : Ran::no_match;
  if (ran == Ran::over_memory) return std::nullopt;
  if (ran == Ran::no_match) return Outcome::no_match;
  matcher.captures(spans);
  whole = matcher.whole();
  return Outcome::match;
}

std::optional<Furthest> Automaton::furthest(std::string_view subject, bool ascii,
                                            MatcherScratch& scratch) const {
  Furthest furthest;
  Matcher matcher(*program_, subject, ascii, scratch);
  if (matcher.run_traced(furthest) != Ran::no_match) return std::nullopt;
  return furthest;
}

}  // namespace grok
