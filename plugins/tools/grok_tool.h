#pragma once

#include "pipeline/cli/commands.h"

namespace millrace {

/// `millrace grok`: tries patterns on the lines of standard input.
cli::Tool grok_tool();

}  // namespace millrace
