#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Reads a time out of a field and makes it the event's time.
FilterPlugin date_filter();

}  // namespace millrace
