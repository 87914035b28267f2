#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Records of Kafka topics, read as members of a consumer group. The group's offsets never pass an
/// event that is not delivered.
InputPlugin kafka_input();

}  // namespace millrace
