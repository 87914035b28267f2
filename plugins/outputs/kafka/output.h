#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Sends events to Kafka, each as one record.
OutputPlugin kafka_output();

}  // namespace millrace
