#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

CodecPlugin csv_codec();

}  // namespace millrace
