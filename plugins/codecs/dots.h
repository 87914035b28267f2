#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

CodecPlugin dots_codec();

}  // namespace millrace
