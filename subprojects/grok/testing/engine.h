#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "grok/grok.h"

namespace grok::testing {

/// A regular expression engine that grok is measured against and judged by. Not thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Looks for the first match; fills `spans`, one for each capture in the order of the expression.
  /// An empty `spans` asks for nothing but whether it matches. `limit`: the engine gave up.
  virtual Outcome match(std::string_view subject, std::span<Span> spans) = 0;
};

/// How much Oniguruma and PCRE2 may go back in one match before they give up.
constexpr unsigned long kRetryLimit = 300'000;

/// All of them: nullptr, and why in `error`, where the engine refuses the expression.

enum class OnigurumaMode {
  search,       ///< as one uses it
  every_place,  ///< tries each place itself: the search of 6.9.8 overlooks matches, as of `$.*`
};
/// Oniguruma with Ruby's syntax in UTF-8, multiline. Its subjects must be UTF-8.
std::unique_ptr<Engine> make_oniguruma(const std::string& expression, OnigurumaMode mode,
                                       std::string& error);

enum class Pcre2Mode {
  bytes,  ///< the fastest that PCRE2 can be: knows no characters beyond ASCII
  utf,    ///< as grok means it, any bytes may come
};
std::unique_ptr<Engine> make_pcre2(const std::string& expression, Pcre2Mode mode,
                                   std::string& error);

std::unique_ptr<Engine> make_re2(const std::string& expression, std::string& error);

}  // namespace grok::testing
