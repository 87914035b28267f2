#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Takes every event and does nothing with it: for measuring what comes before. `name`: "null", or
/// "sink" as Logstash calls it.
OutputPlugin null_output(std::string name);

}  // namespace millrace
