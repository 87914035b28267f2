#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "pipeline/delivery/delivery.h"
#include "pipeline/plugin/output.h"

namespace millrace {

/// An output's own road: puts what the workers finish out of order back into order, buffers a
/// bounded number of bytes, and feeds the output on a thread of its own. A slow or dead output
/// fills its lane and then holds up only workers that have something for it.
///
/// Thread-safe; start() before put(), finish() after the last put().
class Lane {
 public:
  struct Settings {
    std::size_t max_bytes;
    bool ordered = true;  ///< pipeline.ordered
  };
  /// `give_up` lets writes that wait for a dead destination end, unsettled.
  Lane(Output& output, const StopSignal& give_up, Settings settings)
      : output_(output), give_up_(give_up), settings_(settings) {}
  ~Lane();

  void start();

  /// The output's share of batch `number`, nullopt where it has none. Every number is put once,
  /// from any thread, in any order. Blocks while the lane is full.
  void put(std::uint64_t number, std::optional<Delivery> delivery);

  /// Would put() block? For filling the lanes with room first.
  bool full() const;

  /// After a give-up was requested: nobody waits for room any more.
  void wake() {
    { std::lock_guard lock(mutex_); }
    room_.notify_all();
  }

  /// Delivers everything that was put, closes the output and ends the thread.
  void finish();

 private:
  struct Waiting {
    Delivery delivery;
    std::size_t bytes;
  };
  void release_in_order();
  void work();
  std::optional<Waiting> take();

  Output& output_;
  const StopSignal& give_up_;
  const Settings settings_;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable filled_;
  std::uint64_t next_ = 0;  // guarded by mutex_: the number that goes next
  std::map<std::uint64_t, std::optional<Waiting>>
      early_;                  // guarded by mutex_: came before their turn
  std::deque<Waiting> ready_;  // guarded by mutex_: in order
  std::size_t bytes_ = 0;      // guarded by mutex_: in early_ and ready_
  bool finished_ = false;      // guarded by mutex_
  std::thread thread_;
};

}  // namespace millrace
