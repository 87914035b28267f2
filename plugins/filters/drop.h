#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Drops events, all or a percentage of them.
FilterPlugin drop_filter();

}  // namespace millrace
