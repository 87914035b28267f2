#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Events from standard input, until it ends.
InputPlugin stdin_input();

}  // namespace millrace
