#pragma once

#include "pipeline/cli/commands.h"

namespace millrace {

/// `millrace mirror`: runs the flows of YAML files until a signal comes.
cli::Tool mirror_tool();

}  // namespace millrace
