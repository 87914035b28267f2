#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Makes an event of each item of a list or each piece of a text. An event whose pieces would hold
/// more than 16 million fields in all is kept whole, with the tag `_split_limit_failure`.
FilterPlugin split_filter();

}  // namespace millrace
