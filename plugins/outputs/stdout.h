#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Events on standard output, encoded by the codec.
OutputPlugin stdout_output();

}  // namespace millrace
