#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scan.h"
#include "syntax.h"

namespace grok {

/// A text that a match must contain, or one byte of a few.
struct Required {
  std::string text;  ///< "": a byte that `others` does not take
  RunScanner others;
};

/// What every match of an expression contains, in this order, one behind the other. A cheap way to
/// tell that there is no match.
struct RequiredLiterals {
  std::vector<Required> in_order;
  std::size_t longest = 0;  ///< index of the text to look for first
};

RequiredLiterals required_literals(const Syntax& syntax);

/// Whether `subject` has them all, in order.
bool contains_in_order(std::string_view subject, const RequiredLiterals& literals);

}  // namespace grok
