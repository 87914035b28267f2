#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

CodecPlugin plain_codec();

}  // namespace millrace
