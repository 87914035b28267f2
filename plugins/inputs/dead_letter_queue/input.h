#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Events that a pipeline's outputs refused for good, from its dead-letter queue on disk; follows
/// the queue while it grows, until it is asked to stop. Each event says in
/// `[@metadata][dead_letter_queue]` who refused it, when and why.
InputPlugin dead_letter_queue_input();

}  // namespace millrace
