#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

CodecPlugin json_lines_codec();

}  // namespace millrace
