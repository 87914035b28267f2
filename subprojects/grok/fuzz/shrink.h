#pragma once

#include <functional>
#include <string>

#include "testing/expression.h"

namespace grok::fuzz {

/// Whether an expression and a line still show what is looked for.
using StillShows = std::function<bool(const testing::Node&, const std::string& line)>;

/// Makes both as small as it can, one step at a time, as long as they show it.
void shrink(testing::Node& node, std::string& line, const StillShows& shows);

}  // namespace grok::fuzz
