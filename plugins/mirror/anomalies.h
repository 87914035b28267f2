#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"
#include "plugins/mirror/config.h"
#include "plugins/mirror/positions.h"

/// Whether the source is still what a position was taken from. Nothing here is passed over in
/// silence: what is found is an alarm with the exact offsets.
namespace millrace::mirror {

/// What of a partition there is to read: [begin, end).
struct Bounds {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

enum class Anomaly {
  none,
  purged,     ///< records from the position on are gone
  recreated,  ///< it ends before the position, or another record is where the witness was
};

/// What `next` says beside `bounds`.
Anomaly judge(std::int64_t next, const Bounds& bounds);

/// What is done about one.
struct Reaction {
  bool stops = false;
  std::int64_t next = 0;  ///< where it goes on otherwise
  std::string text;       ///< for the alarm; "" where nothing is wrong
};
Reaction react(Anomaly anomaly, const kafka::TopicPartition& partition, std::int64_t next,
               const Bounds& bounds, const FlowOptions& options);

/// A witness that is asked whether it is still there.
struct Question {
  kafka::TopicPartition partition;
  Witness witness;
};
/// For each question whether another record has its offset. One that is gone, purged or compacted,
/// says nothing. Errors: Errc::timeout where the brokers stay silent for `patience`; Errc::closed
/// on `stop`.
Result<std::vector<bool>> contradicted(const kafka::Properties& source,
                                       const std::string& component,
                                       const std::vector<Question>& questions,
                                       std::chrono::milliseconds patience, const StopSignal& stop);

}  // namespace millrace::mirror
