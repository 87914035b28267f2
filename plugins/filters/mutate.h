#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Renames, rewrites, converts and copies fields.
FilterPlugin mutate_filter();

}  // namespace millrace
