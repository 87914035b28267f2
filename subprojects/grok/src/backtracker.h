#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "grok/grok.h"
#include "parse.h"
#include "syntax.h"

namespace grok {

/// An expression run by PCRE2, with JIT where the machine has it. Immutable once made; thread-safe.
class Backtracker {
 public:
  /// PCRE2's working memory, of one thread.
  class Scratch {
   public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

   private:
    friend class Backtracker;
    struct State;
    std::unique_ptr<State> state_;
  };

  /// Errors: what PCRE2 refuses (look-behind of varying length, too large expressions). `syntax`
  /// must stay where it is.
  static std::unique_ptr<Backtracker> compile(const Syntax& syntax, SyntaxError& error);
  ~Backtracker();

  /// Leftmost-first, from `from` on. `ascii`: subject has no byte above 0x7f; else it must be
  /// well-formed UTF-8. `spans` gets the captures, `whole` the match. Ends with `limit` once
  /// `timeout` is over (0: none), within a fraction of it, or when a match takes too much memory.
  Outcome match(std::string_view subject, bool ascii, std::chrono::nanoseconds timeout,
                Scratch& scratch, std::span<Span> spans, Span& whole) const;

 private:
  struct Code;
  /// Offsets that a match may begin at.
  struct Starts {
    std::size_t first, last;
  };
  Backtracker() = default;
  const Code* code_for(bool ascii) const;

  static int run(const Code& code, std::string_view subject, Starts starts, std::uint64_t steps,
                 Scratch::State& state);
  static Outcome finish(const Code& code, int result, const Scratch::State& state,
                        std::span<Span> spans, Span& whole);

  const Syntax* syntax_ = nullptr;
  std::unique_ptr<Code> ascii_;
  mutable std::once_flag utf_once_;
  mutable std::unique_ptr<Code> utf_;  // made when the first subject asks for it
};

}  // namespace grok
