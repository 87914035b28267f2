#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// All plugins of this build.
Registry builtin_plugins();

}  // namespace millrace
