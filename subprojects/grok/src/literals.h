#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "syntax.h"

namespace grok {

/// Texts that every match of an expression contains, in this order, one behind the other. A cheap
/// way to tell that there is no match.
struct RequiredLiterals {
  std::vector<std::string> in_order;
  std::size_t longest = 0;  ///< index of the one to look for first
};

RequiredLiterals required_literals(const Syntax& syntax);

/// Whether `subject` has them all, in order.
bool contains_in_order(std::string_view subject, const RequiredLiterals& literals);

}  // namespace grok
