#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace millrace::kafka {

/// Runs and frees `end`, the only owner of a client and of all that its callbacks use, on a thread
/// of its own and waits for it up to kEndLimit. librdkafka 2.0.2 now and then never ends a consumer
/// of a topic that was deleted and made again while it was read (its main thread waits for the
/// answer to a stop that went to a queue which is closed): such a client is left behind, with a
/// line in the log, and whoever waits goes on; beyond kMostLeft of them in the process it is waited
/// for, so that their memory has a bound. `component`: who speaks there.
void end_aside(std::function<void()> end, const std::string& component);
inline constexpr std::chrono::seconds kEndLimit{5};
inline constexpr int kMostLeft = 16;

/// The same for what a consumer consists of, with the `journal` that it speaks through.
template <typename Handles>
void end_aside(std::unique_ptr<Handles> handles) {
  const std::string component = handles->journal.component();
  end_aside([owner = std::shared_ptr<Handles>(std::move(handles))]() mutable { owner.reset(); },
            component);
}

}  // namespace millrace::kafka
