#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

CodecPlugin json_codec();

}  // namespace millrace
