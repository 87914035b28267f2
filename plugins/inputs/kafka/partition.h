#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "pipeline/delivery/receipt.h"
#include "pipeline/plugin/codec.h"
#include "plugins/support/kafka/consumer.h"

namespace millrace::kafka::in {

/// A partition from when the group gives it to a member until it takes it away. Offsets are those
/// of the next record: 5 means that 0 to 4 are done.
struct Partition {
  std::uint64_t id = 0;  ///< in SourcePosition; never used again
  TopicPartition place;
  std::string source;  ///< "orders-3": first part of its events' ids

  std::atomic<std::int64_t> delivered{-1};  ///< up to here all is settled; -1: nothing yet
  std::atomic<std::int64_t> newest_ms{-1};  ///< time of the newest record that was emitted

  // The polling thread's:
  std::int64_t fetched = -1;    ///< what comes next
  std::int64_t committed = -1;  ///< what the group was told

  // The emitting thread's:
  std::unique_ptr<Decoder> decoder;
  std::deque<std::int64_t> held;  ///< records that are in the decoder, not in an event yet

  std::mutex mutex;
  std::int64_t emitted = -1;  ///< guarded by mutex: what the pipeline has or is about to get
  bool gone = false;          ///< guarded by mutex: nothing more is emitted
};
using PartitionPtr = std::shared_ptr<Partition>;

/// The partitions of all members of an input, for those who settle. Thread-safe.
class Partitions {
 public:
  PartitionPtr add(TopicPartition place, std::unique_ptr<Decoder> decoder);
  void remove(const Partition& partition);
  /// Of a partition that is gone: nothing happens.
  void delivered(SourcePosition position) noexcept;
  /// Waits until the records before `offset` are settled, but not beyond `limit`. Returns whether
  /// they are.
  bool wait_until_delivered(const Partition& partition, std::int64_t offset,
                            std::chrono::steady_clock::time_point limit);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;                      // some partition's `delivered`
  std::uint64_t made_ = 0;                               // guarded by mutex_
  std::unordered_map<std::uint64_t, PartitionPtr> all_;  // guarded by mutex_
};

}  // namespace millrace::kafka::in
