#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "pipeline/event/batch.h"
#include "pipeline/plugin/stop.h"
#include "pipeline/queue/dead_letter.h"

namespace millrace::beats {

/// An event of a batch whose client sent something that is no event.
struct BadEvent {
  std::uint32_t at = 0;
  std::string_view code;  ///< of its dead letter
  std::string why;
};

/// Where such events go. A close instead would make the client send them again for ever.
class BadEvents {
 public:
  /// They go on through the pipeline, tagged.
  BadEvents() = default;
  /// They go to the dead letters of the plugin `plugin_id`, where those are kept.
  BadEvents(std::shared_ptr<DeadLetters> letters, std::string plugin_id)
      : letters_(std::move(letters)), plugin_id_(std::move(plugin_id)) {}

  /// Before a batch is emitted. Waits for the disk, and while the dead-letter queue is full. False
  /// once `stop` was requested then: the batch must not be emitted. Thread-safe.
  bool set_aside(Batch& batch, std::span<const BadEvent> bad, const StopSignal& stop) const;

 private:
  std::shared_ptr<DeadLetters> letters_;
  std::string plugin_id_;
};

}  // namespace millrace::beats
