#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

FilterPlugin dissect_filter();

}  // namespace millrace
