#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// `beats`: events from Beats, Elastic Agent and other clients of the lumberjack protocol. A window
/// is acknowledged when all of its events are delivered.
InputPlugin beats_input();

}  // namespace millrace
