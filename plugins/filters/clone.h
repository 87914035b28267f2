#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Copies events, each copy marked by its type or a tag.
FilterPlugin clone_filter();

}  // namespace millrace
