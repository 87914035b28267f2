#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

FilterPlugin kv_filter();

}  // namespace millrace
