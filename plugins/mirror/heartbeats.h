#pragma once

#include <memory>
#include <string>

#include "plugins/mirror/config.h"
#include "plugins/support/kafka/admin.h"
#include "plugins/support/kafka/producer.h"
#include "plugins/support/notices.h"

namespace millrace::mirror {

/// Writes a record a second to the topic `millrace-mirror-heartbeats` of the source, which the flow
/// mirrors like any other: that one arrives proves the whole way, also where nobody writes
/// anything. Key: the flow; value: "v=1 source=ALIAS target=ALIAS time=MILLISECONDS"; one
/// partition, kept for a day. Several flows share the topic.
///
/// The flow's thread only. What goes wrong is in the log, and tried again.
class Heartbeats {
 public:
  /// All outlives it.
  Heartbeats(const FlowSettings& settings, kafka::Admin& source);

  /// Call it about once a second; waits for brokers only to make the topic.
  void tick();

  /// The log says so where none has arrived for a minute. `newest_ms`: the time of the newest that
  /// the target has, in milliseconds since 1970; -1: none yet.
  void watch(std::int64_t newest_ms);
  /// ", heartbeat 1 s old" for the log; "" before the first.
  std::string age() const;

 private:
  Result<void> prepare();
  void send();

  const FlowSettings& settings_;
  kafka::Admin& source_;
  Notices notices_;
  std::string key_;
  std::string value_;  // what is under way; the producer reads it
  bool under_way_ = false;
  std::int64_t newest_ms_ = -1;
  const std::int64_t began_ms_;
  std::vector<kafka::DeliveryReport> reports_;
  std::unique_ptr<kafka::Producer> producer_;  // after what it reads
};

}  // namespace millrace::mirror
