#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "pipeline/event/batch.h"

namespace millrace {

/// A batch with its place in the pipeline's order, and the number of the input that it came from.
struct NumberedBatch {
  std::uint64_t number;
  std::size_t source;
  Batch::Ptr batch;
};

/// Where the workers' results go on. Thread-safe.
class Sink {
 public:
  virtual ~Sink() = default;
  /// It holds as much as it should: nothing more should be made for it.
  virtual bool full() const = 0;
};

/// Bounded queue of batches between inputs and workers; numbers them as they leave. Thread-safe.
///
/// A full queue blocks its producers; that is how backpressure reaches the source. Batches leave in
/// the order in which they came, but those of an input that is held stay and let the others pass:
/// what is dead for one input's events holds up that input alone.
class BatchQueue {
 public:
  /// `sources`: inputs, numbered from 0.
  explicit BatchQueue(std::size_t max_bytes, std::size_t sources = 1)
      : max_bytes_(max_bytes), sources_(sources) {}

  /// Blocks while full; one batch of each source always fits, and where there are several sources
  /// none fills more than half. False once closed: `batch` is untouched. `held_up`, if any, is
  /// called every kHeldUpEvery of that, on this thread.
  bool push(Batch::Ptr& batch, std::size_t source = 0, const std::function<void()>& held_up = {});
  static constexpr std::chrono::milliseconds kHeldUpEvery{100};

  /// Blocks while there is nothing but what is held. nullopt: closed and drained.
  std::optional<NumberedBatch> pop();

  /// No batch of `source` leaves while `sink`, which outlives the queue's use, is full.
  void hold(std::size_t source, const Sink& sink);
  /// A sink has room again.
  void look_again();

  /// Wakes everybody. Queued batches can still be popped.
  void close();

  std::size_t bytes() const;

 private:
  struct Waiting {
    std::uint64_t arrival;
    Batch::Ptr batch;
  };
  struct Source {
    std::deque<Waiting> batches;
    std::size_t bytes = 0;
    std::vector<const Sink*> held_by;
    std::condition_variable room;
    std::optional<std::size_t> wanted;  // the least for which a push waits
  };
  bool fits(const Source& source, std::size_t bytes) const;
  bool lets_in(Source& source, std::size_t bytes) const;
  void tell_of_room();
  static bool is_held(Source& source);
  Source* next();

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<Source> sources_;  // guarded by mutex_
  std::size_t bytes_ = 0;        // guarded by mutex_
  std::uint64_t arrivals_ = 0;   // guarded by mutex_: batches pushed
  std::uint64_t numbers_ = 0;    // guarded by mutex_: batches popped
  bool closed_ = false;          // guarded by mutex_
};

}  // namespace millrace
