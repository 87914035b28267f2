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
#include "plugins/support/kafka/producer.h"
#include "plugins/support/kafka/properties.h"

struct rd_kafka_message_s;

namespace millrace::kafka {

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

/// A record as it was fetched. Owns its memory; what it shows lives as long as it does.
class Message {
 public:
  explicit Message(rd_kafka_message_s* message) : message_(message) {}

  std::string_view topic() const;
  std::int32_t partition() const;
  std::int64_t offset() const;
  /// nullopt: null, which is something else than empty.
  std::optional<std::string_view> key() const;
  std::optional<std::string_view> value() const;
  /// Milliseconds since 1970; nullopt where the record has none.
  std::optional<std::int64_t> timestamp_ms() const;
  /// Appended to `out`, in order, names that come again too.
  void headers(std::vector<Header>& out) const;

 private:
  friend class Consumer;
  friend class Producer;
  friend class Reader;
  struct Destroy {
    void operator()(rd_kafka_message_s* message) const;
  };
  std::unique_ptr<rd_kafka_message_s, Destroy> message_;
};

/// Told what a consumer of a group gets and loses. Calls come from within Consumer's poll() and
/// close().
class Rebalances {
 public:
  virtual ~Rebalances() = default;
  virtual void assigned(std::span<const TopicPartition> partitions) = 0;
  /// The last chance to commit what was done; the partitions are another's when it returns. `lost`:
  /// they are already, and commits are refused.
  virtual void revoked(std::span<const TopicPartition> partitions, bool lost) = 0;
};

/// Where to go on: the offset of the next record of a partition.
struct NextOffset {
  TopicPartition partition;
  std::int64_t offset = 0;
};

/// A member of a consumer group. One thread.
class Consumer {
 public:
  /// `rebalances` must outlive it. `component`: who speaks in the log. Errors: Errc::invalid.
  static Result<std::unique_ptr<Consumer>> create(const Properties& properties,
                                                  std::string component, Rebalances& rebalances);
  /// Leaves the group at once, without revoked().
  ~Consumer();

  /// Topics by name, or by a regular expression that begins with `^`. Errors: Errc::invalid.
  Result<void> subscribe(std::span<const std::string> topics);

  /// In place of subscribe(): these partitions, from where the group's offsets are, without being a
  /// member of it. Nobody is told by Rebalances. Errors: Errc::invalid.
  Result<void> assign(std::span<const TopicPartition> partitions);

  /// Appends at most `most` records, in order within a partition; waits at most `timeout` for them.
  /// To be called more often than max.poll.interval.ms, or the group takes the partitions away.
  /// `ends` gets what was reached: partitions that hold nothing more for now.
  void poll(std::size_t most, std::chrono::milliseconds timeout, std::vector<Message>& out,
            std::vector<NextOffset>& ends);

  /// No records of any partition that is assigned, until resume(). What was fetched is thrown away
  /// and fetched again.
  void pause();
  void resume();

  /// Tells the group. `wait`: returns when the broker has answered. Errors: what it answered; the
  /// library logs nothing of its own.
  Result<void> commit(std::span<const NextOffset> offsets, bool wait);

  /// A commit() that did not wait has failed since the last call.
  bool take_commit_failure();

  /// Offset behind the last record, as it was last heard of; nullopt: nothing was heard yet.
  std::optional<std::int64_t> end_of(const TopicPartition& partition) const;

  /// Leaves the group, with a last revoked().
  void close();

  struct Handles;

 private:
  explicit Consumer(std::unique_ptr<Handles> handles);
  std::unique_ptr<Handles> handles_;
};

}  // namespace millrace::kafka
