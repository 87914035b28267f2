#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Reads JSON in a field into fields.
FilterPlugin json_filter();

}  // namespace millrace
