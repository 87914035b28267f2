#include <algorithm>

#include "automaton.h"
#include "backtracker.h"
#include "expand.h"
#include "grok/grok.h"
#include "parse.h"
#include "re2_engine.h"
#include "utf8.h"

namespace grok {
namespace {

constexpr std::chrono::seconds kDefaultTimeout{30};

/// Bytes that are no UTF-8 become characters that no expression names: in a private use plane.
constexpr char32_t kStandIn = 0x10fe00;
constexpr std::int64_t kStandInGrowth = 3;  // bytes that one is longer

/// A subject in which stand-ins were put, and the way back.
struct Repaired {
  std::string text;
  std::vector<std::int64_t> stand_ins;  // where they begin in text

  void assign(std::string_view subject) {
    text.clear();
    stand_ins.clear();
    while (!subject.empty()) {
      std::size_t length = char_length(subject);
      if (length > 0) {
        text.append(subject, 0, length);
      } else {
        stand_ins.push_back(static_cast<std::int64_t>(text.size()));
        append_utf8(kStandIn + static_cast<unsigned char>(subject[0]), text);
        length = 1;
      }
      subject.remove_prefix(length);
    }
  }

  std::int64_t original(std::int64_t at) const {
    const auto before = std::lower_bound(stand_ins.begin(), stand_ins.end(), at);
    return at - kStandInGrowth * (before - stand_ins.begin());
  }
  Span original(Span span) const {
    return span.begin < 0 ? span : Span{original(span.begin), original(span.end)};
  }
};

}  // namespace

struct Pattern::Code {
  Expanded expanded;
  std::string expression;
  PatternSet definitions;  // those that the expression is built of, for explanations
  Syntax syntax;
  std::unique_ptr<Automaton> automaton;

  // Of the slower tiers; made at once where they are the pattern's own, else when they are needed.
  mutable std::once_flag others_once;
  mutable std::unique_ptr<Re2Engine> re2;
  mutable std::unique_ptr<Backtracker> backtracker;

  Error error_at(std::uint32_t offset, std::string message, std::string hint) const {
    Error error = expanded.error_at(offset, std::move(message), expression, definitions);
    error.hint = std::move(hint);
    return error;
  }
};

struct Pattern::Scratch::State {
  MatcherScratch matcher;
  Backtracker::Scratch backtracker;
  Repaired repaired;
  std::chrono::nanoseconds timeout = kDefaultTimeout;
  Tier last = Tier::automaton;
};

Pattern::Scratch::Scratch() : state_(std::make_unique<State>()) {}
Pattern::Scratch::~Scratch() = default;
Pattern::Scratch::Scratch(Scratch&&) noexcept = default;
void Pattern::Scratch::set_timeout(std::chrono::nanoseconds timeout) { state_->timeout = timeout; }
Tier Pattern::Scratch::last_tier() const { return state_->last; }

Pattern::Pattern() = default;
Pattern::~Pattern() = default;

const std::string& Pattern::expanded() const { return code_->expanded.text; }
const Syntax& Pattern::syntax() const { return code_->syntax; }

std::string_view describe(Tier tier) {
  switch (tier) {
    case Tier::automaton:
      return "automaton";
    case Tier::re2:
      return "RE2";
    case Tier::pcre2_jit:
      return "PCRE2";
  }
  return "";
}

Result<std::shared_ptr<const Pattern>> Pattern::compile(std::string_view expression,
                                                        const PatternSet& patterns,
                                                        const CompileOptions& options) {
  auto expanded = expand(expression, patterns, options.named_captures_only);
  if (!expanded) return expanded.error();
  auto code = std::make_unique<Code>();
  code->expanded = std::move(*expanded);
  code->expression = expression;
  for (const Expanded::Piece& piece : code->expanded.pieces) {
    if (const std::string* definition = patterns.find(piece.where))
      code->definitions.add(piece.where, *definition);
  }
  Parser parser(code->expanded.text, code->expanded.captures);
  auto syntax = parser.parse();
  if (!syntax)
    return code->error_at(static_cast<std::uint32_t>(parser.error().offset),
                          "regular expression: " + parser.error().message, parser.error().hint);
  code->syntax = std::move(*syntax);

  std::shared_ptr<Pattern> pattern(new Pattern);
  const auto wanted = [&](Tier tier) { return !options.only_tier || options.only_tier == tier; };
  Refusal refusal;
  SyntaxError problem;
  if (wanted(Tier::automaton) && (code->automaton = Automaton::compile(
                                      code->syntax, options.only_tier.has_value(), refusal))) {
    pattern->tier_ = Tier::automaton;
  } else if (wanted(Tier::re2) && (code->re2 = Re2Engine::compile(code->syntax, false))) {
    pattern->tier_ = Tier::re2;
  } else if (wanted(Tier::pcre2_jit) &&
             (code->backtracker = Backtracker::compile(code->syntax, problem))) {
    pattern->tier_ = Tier::pcre2_jit;
  } else if (!problem.message.empty()) {
    return code->error_at(static_cast<std::uint32_t>(problem.offset),
                          "regular expression: " + problem.message, problem.hint);
  } else {
    return code->error_at(refusal.offset, "this tier cannot run it: " + refusal.reason,
                          refusal.hint);
  }
  if (!refusal.reason.empty())
    pattern->slower_because_ = code->error_at(refusal.offset, refusal.reason, refusal.hint);
  pattern->captures_ = code->expanded.captures;
  pattern->code_ = std::move(code);
  return std::shared_ptr<const Pattern>(std::move(pattern));
}

Outcome Pattern::match(std::string_view subject, Scratch& scratch, std::span<Span> spans,
                       Span* whole) const {
  Scratch::State& state = *scratch.state_;
  Span found;
  const bool ascii = is_ascii(subject);
  if (ascii || is_utf8(subject)) {
    const Outcome outcome = match_utf8(subject, ascii, state, spans, found);
    if (whole) *whole = found;
    return outcome;
  }
  state.repaired.assign(subject);
  const Outcome outcome = match_utf8(state.repaired.text, false, state, spans, found);
  if (outcome == Outcome::match) {
    for (Span& span : spans.first(std::min(spans.size(), captures_.size())))
      span = state.repaired.original(span);
    if (whole) *whole = state.repaired.original(found);
  }
  return outcome;
}

Outcome Pattern::match_utf8(std::string_view subject, bool ascii, Scratch::State& state,
                            std::span<Span> spans, Span& whole) const {
  state.last = tier_;
  if (tier_ == Tier::automaton) {
    if (const auto done = code_->automaton->match(subject, ascii, state.matcher, spans, whole))
      return *done;
    std::call_once(code_->others_once, [this] {
      SyntaxError ignored;  // both may be missing: then the match ends with `limit`
      code_->re2 = Re2Engine::compile(code_->syntax, true);
      if (!code_->re2) code_->backtracker = Backtracker::compile(code_->syntax, ignored);
    });
    state.last = code_->re2 ? Tier::re2 : Tier::pcre2_jit;
  }
  return match_other(subject, ascii, state, spans, whole);
}

Outcome Pattern::match_other(std::string_view subject, bool ascii, Scratch::State& state,
                             std::span<Span> spans, Span& whole) const {
  if (code_->re2) return code_->re2->match(subject, spans, whole);
  if (!code_->backtracker) return Outcome::limit;
  return code_->backtracker->match(subject, ascii, state.timeout, state.backtracker, spans, whole);
}

std::optional<Pattern::Stop> Pattern::explain(std::string_view subject, Scratch& scratch) const {
  if (!code_->automaton) return std::nullopt;
  Scratch::State& state = *scratch.state_;
  state.repaired.assign(subject);
  const auto furthest =
      code_->automaton->furthest(state.repaired.text, is_ascii(subject), state.matcher);
  if (!furthest) return std::nullopt;
  Stop stop;
  if (furthest->at) {
    const auto* begin = reinterpret_cast<const unsigned char*>(state.repaired.text.data());
    stop.at = static_cast<std::size_t>(state.repaired.original(furthest->at - begin));
  }
  Error place = code_->error_at(furthest->offset, {}, {});
  stop.where = std::move(place.where);
  stop.text = std::move(place.text);
  stop.offset = place.offset;
  stop.expression_offset = code_->expanded.place_in_expression(furthest->offset, code_->expression);
  return stop;
}

}  // namespace grok
