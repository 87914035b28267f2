#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "syntax.h"

namespace grok {

/// Whose syntax an expression is written in, and for which subjects.
enum class Dialect {
  pcre2_ascii,  ///< for bytes, all of them ASCII
  pcre2_utf,    ///< for well-formed UTF-8
  re2,          ///< all that RE2 can say as it is; see Emitted::exact
  re2_filter,   ///< matches wherever the expression does, and perhaps elsewhere; no captures
};

/// An expression's text for another library.
struct Emitted {
  std::string text;
  bool exact = true;  ///< false: the dialect cannot say all of it; re2's text is then unusable
  std::vector<std::pair<std::size_t, std::uint32_t>>
      places;  ///< (in text, Node::offset), ascending
  /// The library's number of each of Syntax::groups; 0: it has none, since the group is never run.
  std::vector<std::uint32_t> group_of_capture;

  /// Where in the expression it comes from what stands at `at` of text.
  std::uint32_t origin(std::size_t at) const;
};

/// `plain_atomic`: whether atomic groups and possessive repeats may be written as plain ones,
/// because for this expression they mean the same.
Emitted emit(const Syntax& syntax, Dialect dialect, bool plain_atomic);

}  // namespace grok
