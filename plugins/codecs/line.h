#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

CodecPlugin line_codec();

}  // namespace millrace
