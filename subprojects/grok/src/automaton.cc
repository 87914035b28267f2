#include "automaton.h"

#include <algorithm>
#include <cstring>

namespace grok {
namespace {

/// Places where a match may begin that are tried before the texts in it are looked for.
constexpr unsigned kStartsBeforeProof = 2;
/// What the code may pass, in bytes: this for each byte of the subject, and some more.
constexpr std::int64_t kBudget = 16;
constexpr std::int64_t kLeastBudget = 4096;
constexpr std::size_t kFrames = 4096;
/// Shorter subjects are not worth RE2's automaton.
constexpr std::size_t kShort = 48;

}  // namespace

std::unique_ptr<Automaton> Automaton::compile(const Syntax& syntax, bool alone, Refusal& refusal) {
  std::unique_ptr<Automaton> made(new Automaton);
  made->program_ = build_program(syntax, refusal);
  if (!made->program_) return nullptr;
  made->syntax_ = &syntax;
  made->literals_ = required_literals(syntax);
  if (!alone) made->ascii_code_ = native::Code::compile(*made->program_, true);
  return made;
}

const native::Code* Automaton::code_for(bool ascii) const {
  if (ascii || !ascii_code_) return ascii_code_.get();
  std::call_once(utf8_once_, [this] { utf8_code_ = native::Code::compile(*program_, false); });
  return utf8_code_.get();
}

bool Automaton::may_match(std::string_view subject) const {
  if (subject.size() < kShort) return true;
  std::call_once(filter_once_, [this] { filter_ = Re2Engine::compile_filter(*syntax_, true); });
  return !filter_ || filter_->contains(subject);
}

/// nullopt: it is the matcher's turn, at `from`.
std::optional<Outcome> Automaton::run_code(const native::Code& code, const Matcher& matcher,
                                           std::string_view subject, MatcherScratch& scratch,
                                           std::span<Span> spans, Span& whole,
                                           std::size_t& from) const {
  const bool proof_first = fails_often_.load(std::memory_order_relaxed);
  if (proof_first && !contains_in_order(subject, literals_)) return Outcome::no_match;
  if (scratch.code_frames.empty()) scratch.code_frames.resize(kFrames);
  native::Context context;
  const std::size_t captures = program_->slots / 2;
  if (spans.size() < captures) {
    scratch.spans.resize(captures);
    context.spans = scratch.spans.data();
  } else {
    context.spans = spans.data();
  }
  if (program_->repeats_captures) std::fill_n(context.spans, captures, Span{});
  context.begin = matcher.begin();
  context.end = context.begin + subject.size();
  context.frames = scratch.code_frames.data();
  context.frames_end = context.frames + kFrames;
  context.budget = kBudget * static_cast<std::int64_t>(subject.size()) + kLeastBudget;
  for (unsigned tried = 0;; ++tried) {
    if (tried == kStartsBeforeProof && !proof_first && !contains_in_order(subject, literals_))
      return Outcome::no_match;
    const auto start = from <= subject.size() ? matcher.next_start(from) : std::nullopt;
    if (!start) return Outcome::no_match;
    from = *start;
    context.start = context.begin + from;
    switch (code.run(context)) {
      case native::Ended::match:
        if (context.spans != spans.data()) std::copy_n(context.spans, spans.size(), spans.data());
        whole = {context.start - context.begin, context.end_of_match - context.begin};
        return Outcome::match;
      case native::Ended::undecided:
        if (!may_match(subject)) return Outcome::no_match;
        return std::nullopt;
      case native::Ended::no_match:
        from = matcher.behind(from);
        break;
    }
  }
}

std::optional<Outcome> Automaton::match(std::string_view subject, bool ascii,
                                        MatcherScratch& scratch, std::span<Span> spans,
                                        Span& whole) const {
  if (subject.size() < native::Code::kLeastSubject) subject = scratch.with_room_before(subject);
  Matcher matcher(*program_, subject, ascii, scratch);
  std::size_t from = 0;
  if (const native::Code* code = code_for(ascii)) {
    if (const auto done = run_code(*code, matcher, subject, scratch, spans, whole, from)) {
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
