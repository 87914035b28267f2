#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

CodecPlugin rubydebug_codec();

}  // namespace millrace
