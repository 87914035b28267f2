#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "pipeline/event/batch.h"

namespace millrace {

/// A batch with its place in the pipeline's order.
struct NumberedBatch {
  std::uint64_t number;
  Batch::Ptr batch;
};

/// Bounded FIFO of batches between inputs and workers; gives each its number. Thread-safe.
///
/// A full queue blocks its producers; that is how backpressure reaches the source.
class BatchQueue {
 public:
  explicit BatchQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Blocks while full (one batch always fits). False once closed: `batch` is untouched.
  bool push(Batch::Ptr& batch);

  /// Blocks while empty. nullopt: closed and drained.
  std::optional<NumberedBatch> pop();

  /// Wakes everybody. Queued batches can still be popped.
  void close();

  std::size_t bytes() const;

 private:
  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable filled_;
  std::deque<NumberedBatch> batches_;  // guarded by mutex_
  std::size_t bytes_ = 0;              // guarded by mutex_
  std::uint64_t next_number_ = 0;      // guarded by mutex_
  bool closed_ = false;                // guarded by mutex_
};

}  // namespace millrace
