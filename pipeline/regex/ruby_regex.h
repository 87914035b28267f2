#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/result.h"

namespace millrace {

/// A regular expression of Ruby (Oniguruma's syntax), rewritten so that RE2 and PCRE2 mean by it
/// what Ruby does.
struct RubyRegex {
  std::string text;
  std::vector<std::size_t> origin;  ///< for each byte of `text`: where it comes from
  /// Named groups and their numbers. As in Ruby, an expression that names groups captures by no
  /// others.
  std::vector<std::pair<std::string, int>> names;
  int groups = 0;              ///< that capture, named ones included
  bool unicode_words = false;  ///< `\b` has to know the letters of Unicode
  bool re2_agrees = true;      ///< no construct that RE2 would take but understand otherwise
};

/// Differences that are taken care of: `\h`, `\s` with vertical tabs, `\v`, `\uHHHH`, escapes of
/// letters without a meaning, `(?<name>`, `(?m)` for a dot that matches newlines, `{,n}`, sets in
/// sets, POSIX classes and `\b` that know Unicode while `\w` does not.
/// Errors: Errc::invalid for what neither engine can say, with the character's number.
Result<RubyRegex> translate_ruby_regex(std::string_view expression);

}  // namespace millrace
