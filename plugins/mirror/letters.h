#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pipeline/queue/dead_letter_store.h"
#include "plugins/mirror/config.h"
#include "plugins/support/kafka/producer.h"

namespace millrace::mirror {

/// A record that the target has refused for good. Views.
struct Refused {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::optional<std::int64_t> timestamp_ms{};
  std::optional<std::string_view> key{};
  std::optional<std::string_view> value{};
  std::span<const kafka::Header> headers{};
  std::string_view target{};  ///< the topic that it was to go to
  int code = 0;               ///< librdkafka's: what the broker said
  std::string_view why{};     ///< the same for people
};

/// Adds `record` to `batch` as an event, from which each byte can be told again: the value in
/// `message`, the rest in `kafka`: `topic`, `partition`, `offset`, `timestamp`, `key`, `headers` (a
/// list of `name` and `value`) and `target`. What is null is null; what is not UTF-8 is base64
/// under its name with `_base64`. `@timestamp` is the record's.
void add_letter_event(const Refused& record, Batch& batch);

/// The dead-letter queue of a flow with `on_poison: dead_letter`, in the directory
/// `dead_letter_path`/FLOW: records that the target has refused for good. `millrace dlq` shows it.
class Letters {
 public:
  explicit Letters(const FlowSettings& settings);

  /// Until it is open, nothing is kept. Errors: Errc::closed while another process has it,
  /// Errc::io; call it again. The flow's thread.
  Result<void> open();
  bool is_open() const { return open_; }
  /// After the last keep().
  void close() { store_.close(); }

  enum class Outcome {
    kept,   ///< it is safe on disk
    later,  ///< there is no room, or the disk refuses, which the log tells
    never,  ///< it is larger than the queue takes
  };
  /// Any thread.
  Outcome keep(const Refused& record);

 private:
  const std::string flow_;
  DeadLetterStore store_;
  bool open_ = false;
};

}  // namespace millrace::mirror
