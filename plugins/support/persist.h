#pragma once

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "pipeline/observe/log.h"
#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"

namespace millrace {

/// Waits out a destination that is down: tries `step`, which gives a Result<void> and goes on where
/// it stopped, until it works, with pauses that grow from 50 ms to 5 s. Says once what is wrong and
/// once that it is over, as `component`. False: the process gives up.
template <typename Step>
bool persist(std::string_view component, const StopSignal& stop, Step step) {
  std::chrono::milliseconds pause{50};
  for (bool said = false;;) {
    const auto result = step();
    if (result) {
      if (said) log::info(component, "writing works again");
      return true;
    }
    if (stop.requested()) return false;
    if (!std::exchange(said, true))
      log::error(component, "{}; trying again until it works, nothing is lost",
                 result.error().message);
    if (!stop.wait(pause)) return false;
    pause = std::min(pause * 2, std::chrono::milliseconds(5000));
  }
}

}  // namespace millrace
