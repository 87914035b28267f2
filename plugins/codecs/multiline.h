#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

CodecPlugin multiline_codec();

}  // namespace millrace
