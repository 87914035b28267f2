#pragma once

#include <chrono>
#include <optional>

#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"
#include "plugins/support/line_framer.h"

namespace millrace {

enum class StdinSaid {
  bytes,  ///< the framer has them: see its messages()
  quiet,  ///< none came for as long as was asked
  end,
  stop,
};

/// Waits until standard input has bytes and reads them into `framer`. `quiet`: how long to wait at
/// the most; nullopt: until there is something, or `stop`. Errors: Errc::io with the reason.
Result<StdinSaid> read_stdin(LineFramer& framer, const StopSignal& stop,
                             std::optional<std::chrono::milliseconds> quiet);

}  // namespace millrace
