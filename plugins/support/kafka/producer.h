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

struct rd_kafka_topic_s;

namespace millrace::kafka {

class Message;

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

/// A topic of one producer, see Producer::topic().
using TopicHandle = rd_kafka_topic_s*;

/// A record that goes on as it was fetched: key, value and headers byte by byte. Its value is not
/// copied, so the message must live until the report; its headers are taken out of it.
struct Onward {
  Message& message;
  TopicHandle topic;
  std::int32_t partition;
  std::int64_t timestamp_ms;             ///< 0: now, for the library has no other meaning for it
  std::span<const Header> more_headers;  ///< behind the message's own
  void* tag;                             ///< comes back with the report
};

/// What became of a record: exactly one for each that was taken.
struct DeliveryReport {
  void* tag;
  int code;  ///< 0: acknowledged by the broker as `acks` asks; else librdkafka's error
  std::int32_t partition;
  std::int64_t offset;  ///< where `code` is 0
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

  /// For forward(); lives as long as the producer.
  TopicHandle topic(const std::string& name);
  /// As produce(). Where it is not taken the message has lost its headers: it is to be fetched
  /// again. Keep less than queue.buffering.max.messages without a report.
  Taken forward(const Onward& record, int& code);

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
  friend class Transactions;
  struct Handles;
  explicit Producer(std::unique_ptr<Handles> handles);
  std::unique_ptr<Handles> handles_;
};

}  // namespace millrace::kafka
