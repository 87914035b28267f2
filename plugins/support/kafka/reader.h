#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pipeline/result.h"
#include "plugins/support/kafka/consumer.h"
#include "plugins/support/kafka/properties.h"

namespace millrace::kafka {

/// A consumer that reads the partitions that it is told to, from where it is told to: no group
/// decides anything. `group.id` must be set all the same; commit() writes under it. One thread.
class Reader {
 public:
  /// What the broker, or the library, says of one partition instead of a record.
  struct Trouble {
    TopicPartition partition;
    int code = 0;  ///< librdkafka's
    std::string text;
  };
  struct Fetched {
    std::vector<Message> messages;  ///< in order within a partition
    std::vector<NextOffset> ends;  ///< nothing more for now; aborted and control records are behind
    std::vector<Trouble> troubles;
    void clear();
  };

  /// `component`: who speaks in the log. `enable.partition.eof` must be on for `ends`. Errors:
  /// Errc::invalid, Errc::io as make_client().
  static Result<std::unique_ptr<Reader>> create(const Properties& properties,
                                                std::string component);
  ~Reader();

  /// Reads these too. What is read already goes on. Errors: Errc::invalid.
  Result<void> add(std::span<const NextOffset> starts);

  /// Nothing more of these. Records that were fetched before may still come with the next poll().
  void pause(std::span<const TopicPartition> partitions);

  /// Appends at most `most` records; waits up to `timeout` for so many.
  void poll(std::size_t most, std::chrono::milliseconds timeout, Fetched& out);

  /// The offset behind the last record of a partition now, or behind the last one that is settled
  /// where `isolation.level` is read_committed. Waits up to `timeout`. Errors: Errc::io.
  Result<std::int64_t> end(const TopicPartition& partition, std::chrono::milliseconds timeout);

  /// Tells the group; does not wait, and says nothing where it fails: a figure for people.
  void commit(std::span<const NextOffset> offsets);

 private:
  struct Handles;
  explicit Reader(std::unique_ptr<Handles> handles);
  std::unique_ptr<Handles> handles_;
};

}  // namespace millrace::kafka
