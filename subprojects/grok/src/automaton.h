#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "literals.h"
#include "matcher.h"
#include "native/code.h"
#include "program.h"
#include "re2_engine.h"

namespace grok {

/// The first tier: expressions that are regular, in time linear in the subject. Immutable;
/// thread-safe.
///
/// A match mostly begins where the tables of the program say that one may, and is found there in a
/// few steps: the program as machine code looks for it first, with a budget. When it finds none
/// soon, two proofs that there is none are tried: the texts that a match must contain, and RE2's
/// automaton for a simpler expression. What is left, and what takes too many steps, is the
/// matcher's.
class Automaton {
 public:
  /// nullptr: see `refusal`. `syntax` must stay where it is. `alone`: only the matcher, so that it
  /// can be tested.
  static std::unique_ptr<Automaton> compile(const Syntax& syntax, bool alone, Refusal& refusal);

  /// nullopt: the subject is too much for the matcher's memory. `ascii`: subject has no byte above
  /// 0x7f; else it is well-formed UTF-8.
  std::optional<Outcome> match(std::string_view subject, bool ascii, MatcherScratch& scratch,
                               std::span<Span> spans, Span& whole) const;
  /// As far as a search came that found nothing; nullopt: there is a match, or it is too much.
  std::optional<Furthest> furthest(std::string_view subject, bool ascii,
                                   MatcherScratch& scratch) const;

 private:
  Automaton() = default;
  bool may_match(std::string_view subject) const;
  const native::Code* code_for(bool ascii) const;
  std::optional<Outcome> run_code(const native::Code& code, const Matcher& matcher,
                                  std::string_view subject, MatcherScratch& scratch,
                                  std::span<Span> spans, Span& whole, std::size_t& from) const;

  const Syntax* syntax_ = nullptr;
  std::unique_ptr<const Program> program_;
  std::unique_ptr<const native::Code> ascii_code_;  // nullptr: all is the matcher's
  mutable std::once_flag utf8_once_;
  mutable std::unique_ptr<const native::Code> utf8_code_;  // made when the first subject asks
  RequiredLiterals literals_;
  mutable std::atomic<bool> fails_often_ = false;  // a guess by the last subject; only for speed
  mutable std::once_flag filter_once_;
  mutable std::unique_ptr<Re2Engine> filter_;  // made when the first subject asks for it
};

}  // namespace grok
