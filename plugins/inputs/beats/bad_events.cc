#include "plugins/inputs/beats/bad_events.h"

#include <vector>

namespace millrace::beats {
namespace {

/// Between two tries of a full queue; what makes room is an operator or another process.
constexpr std::chrono::milliseconds kPause{200};

}  // namespace

bool BadEvents::set_aside(Batch& batch, std::span<const BadEvent> bad,
                          const StopSignal& stop) const {
  if (bad.empty() || !letters_ || !letters_->keeps()) return true;
  std::vector<DeadLetter> letters;
  for (const BadEvent& event : bad)
    letters.push_back({batch,
                       event.at,
                       {.code = event.code,
                        .message = event.why,
                        .plugin_type = "beats",
                        .plugin_id = plugin_id_}});
  std::vector<DeadLetterOutcome> outcomes(letters.size());
  for (std::span<const DeadLetter> rest = letters;;) {
    rest = rest.subspan(letters_->write(rest, outcomes));
    if (rest.empty()) break;
    if (!stop.wait(kPause)) return false;
  }
  for (const BadEvent& event : bad) batch.set_state(event.at, EventState::dead_lettered);
  return true;
}

}  // namespace millrace::beats
