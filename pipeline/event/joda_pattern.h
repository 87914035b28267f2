#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"

namespace millrace {

/// A piece of a Joda-Time pattern: a run of one letter, or literal text.
struct JodaToken {
  char letter = '\0';  ///< '\0': literal text
  int count = 0;       ///< length of the run
  std::string text;    ///< the literal, without its quotes
  std::size_t column = 1;

  /// Whether it reads and prints digits; a number next to a number is read with its own width.
  bool is_number() const;
};

/// The longest run of one letter that any of our time patterns may hold.
inline constexpr int kMaxLetterRun = 64;

/// The length of the run of one character that begins at `at`.
std::size_t letter_run(std::string_view pattern, std::size_t at);

/// Cuts a pattern into its tokens. A quote that is never closed reaches to the end, as in
/// Joda-Time. Errors: Errc::invalid: an empty pattern, an unknown letter, or more than
/// kMaxLetterRun of one.
Result<std::vector<JodaToken>> tokenize_joda(std::string_view pattern);

/// Errc::invalid: `why` at a column (counted from 1) of a time pattern, which is quoted.
Error pattern_error(std::string_view pattern, std::size_t column, std::string_view why);

}  // namespace millrace
