#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Events into files, whose paths may depend on the events.
OutputPlugin file_output();

}  // namespace millrace
