#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Events made up from fixed lines, as fast as the pipeline takes them: for trying configurations
/// and for measuring.
InputPlugin generator_input();

}  // namespace millrace
