#pragma once

#include <chrono>
#include <string>

#include "plugins/support/kafka/handles.h"

/// For the sources of this folder only.
namespace millrace::kafka {

/// Has a consumer ask for more as soon as what it had fetched ahead was read.
///
/// While its queue is full librdkafka asks for nothing, and looks again a second later, however
/// fast the queue was emptied: no more could be read in a second than is fetched ahead, so that
/// speed cost memory. Newer versions have a property for it, `fetch.queue.backoff.ms`; older ones
/// are woken. One thread.
class Refill {
 public:
  /// `conf`: of the consumer, made from `properties`; the property is set there if there is one.
  Refill(rd_kafka_conf_t* conf, const Properties& properties);

  /// Before a poll: `client` is told if what was read since the last time made room.
  void before_poll(rd_kafka_t* client);
  /// Behind a poll that gave records.
  void has_read() { has_read_ = true; }

 private:
  const std::string user_;
  const std::string password_;
  const bool must_wake_;
  bool has_read_ = false;  ///< since it was woken
  std::chrono::steady_clock::time_point due_{};
};

}  // namespace millrace::kafka
