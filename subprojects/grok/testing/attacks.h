#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace grok::testing {

/// An expression that backtracking engines take exponential or polynomial time for, and lines that
/// make them: `prefix`, then `pump` over and over, then `suffix`, which also has the characters
/// that engines look for before they begin.
struct Attack {
  const char* name;
  const char* expression;
  const char* prefix;
  const char* pump;
  const char* suffix;

  /// A line of about that many bytes.
  std::string line(std::size_t bytes) const;
};

/// The known ones: of textbooks and papers on the matter, of forms that e-mail, URL and number
/// checks have been copied in for years, and of published weaknesses of programs, in which case the
/// expression is one of our own with the weak part's structure.
std::span<const Attack> attacks();

}  // namespace grok::testing
