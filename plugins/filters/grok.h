#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Parses text by named patterns into fields.
FilterPlugin grok_filter();

}  // namespace millrace
