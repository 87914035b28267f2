#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"
#include "plugins/support/kafka/properties.h"

namespace millrace::kafka {

struct Header {
  std::string_view name;
  std::optional<std::string_view> value;  ///< nullopt: null
};

/// A record to be sent. Key and headers are copied, the value is not: its bytes stay until the
/// report.
struct ProducerRecord {
  std::string_view topic;
  std::int32_t partition = -1;  ///< -1: the partitioner says
  std::optional<std::string_view> key{};
  std::optional<std::string_view> value{};
  std::span<const Header> headers{};
  std::int64_t timestamp_ms = 0;  ///< 0: now
  void* tag = nullptr;            ///< comes back with the report
};

/// What became of a record: exactly one for each that was taken.
struct DeliveryReport {
  void* tag;
  int code;  ///< 0: acknowledged by the broker as `acks` asks; else librdkafka's error
  std::int32_t partition;
  std::int64_t offset;  ///< -1: unknown
};

/// What became of a produce() call.
enum class Taken {
  yes,
  full,    ///< the library's queue has no room: poll(), then again
  failed,  ///< `code` says why
};

/// One producer of librdkafka. produce() from one thread, poll() from another.
class Producer {
 public:
  enum class Partitioner { library, round_robin };

  /// `component`: who speaks in the log. Errors: make_conf()'s and the library's, naming the
  /// setting.
  static Result<std::unique_ptr<Producer>> create(const Properties& properties,
                                                  std::string component,
                                                  Partitioner partitioner = Partitioner::library);
  /// Records that have no report yet are given up: nothing is known of them.
  ~Producer();

  Taken produce(const ProducerRecord& record, int& code);

  /// Waits for reports, at most `timeout`, and appends them.
  void poll(std::chrono::milliseconds timeout, std::vector<DeliveryReport>& reports);

  /// Ends the waiting of poll().
  void wake();

  /// Why this producer can send nothing any more (an idempotent one that lost track): a new one
  /// must be made. nullopt: all is well.
  std::optional<std::string> fatal_error() const;

  /// Every record that is queued or under way gets its report, as an error, with the next polls.
  void purge();

 private:
  struct Handles;
  explicit Producer(std::unique_ptr<Handles> handles);
  std::unique_ptr<Handles> handles_;
};

}  // namespace millrace::kafka
