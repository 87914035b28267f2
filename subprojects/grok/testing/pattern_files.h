#pragma once

#include <string>

#include "grok/grok.h"

namespace grok::testing {

/// All pattern files of a directory; ends the program with a message where one cannot be read.
PatternSet read_patterns(const std::string& directory);

}  // namespace grok::testing
