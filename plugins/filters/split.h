#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Makes an event of each item of a list or each line of a text.
FilterPlugin split_filter();

}  // namespace millrace
