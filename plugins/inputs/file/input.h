#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Lines of files, followed as they grow or read once to their ends; goes on after a restart where
/// everything before was delivered.
InputPlugin file_input();

}  // namespace millrace
