#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

FilterPlugin csv_filter();

}  // namespace millrace
