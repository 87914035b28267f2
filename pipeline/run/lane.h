#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "pipeline/delivery/delivery.h"
#include "pipeline/plugin/output.h"
#include "pipeline/run/batch_queue.h"

namespace millrace {

/// An output's own road: puts what the workers finish out of order back into order, buffers a
/// number of bytes, and feeds the output on a thread of its own. A slow or dead output fills its
/// lane; the inputs whose events it has to take are held then (BatchQueue::hold), and no others.
/// One that is gone for good holds up nobody: its deliveries are let go unsettled.
///
/// Thread-safe; start() before put(), finish() after the last put().
class Lane : public Sink {
 public:
  struct Settings {
    /// From here on it is full. It takes what the workers have begun all the same: a batch of each.
    std::size_t max_bytes;
    bool ordered = true;    ///< pipeline.ordered
    std::string name = {};  ///< of its thread
  };
  /// Told once, from the lane's thread, when and why the destination is gone for good.
  using OnGone = std::function<void(Error)>;
  /// Told, from the lane's thread, when it is full no more.
  using OnRoom = std::function<void()>;

  /// `give_up` lets writes that wait for a dead destination end, unsettled.
  Lane(Output& output, const StopSignal& give_up, Settings settings, OnGone on_gone, OnRoom on_room)
      : output_(output),
        give_up_(give_up),
        settings_(settings),
        on_gone_(std::move(on_gone)),
        on_room_(std::move(on_room)) {}
  ~Lane() override;

  void start();

  /// The output's share of batch `number`, nullopt where it has none. Every number is put once,
  /// from any thread, in any order.
  void put(std::uint64_t number, std::optional<Delivery> delivery);

  /// Not after a give-up, nor where the destination is gone.
  bool full() const override;
  /// Returns when it is not full: for whoever feeds a lane without a queue before it.
  void wait_for_room();
  /// After a give-up was requested: wait_for_room() returns.
  void wake() { notify_of_room(); }

  /// There was the last put(): what is held back is delivered without waiting for more. Returns at
  /// once, so that lanes can end side by side.
  void end();
  /// end(), and waits: delivers everything that was put (nothing more after a give-up), closes the
  /// output and ends the thread.
  void finish();

 private:
  struct Waiting {
    Delivery delivery;
    std::size_t bytes;
  };
  bool lets_go() const { return gone_ || give_up_.requested(); }
  void notify_of_room();
  void release_in_order();
  void work();
  Result<void> feed();
  void let_go();
  std::optional<Waiting> take();

  Output& output_;
  const StopSignal& give_up_;
  const Settings settings_;
  const OnGone on_gone_;
  const OnRoom on_room_;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable filled_;
  std::uint64_t next_ = 0;  // guarded by mutex_: the number that goes next
  std::map<std::uint64_t, std::optional<Waiting>>
      early_;                  // guarded by mutex_: came before their turn
  std::deque<Waiting> ready_;  // guarded by mutex_: in order
  std::size_t bytes_ = 0;      // guarded by mutex_: in early_ and ready_
  bool finished_ = false;      // guarded by mutex_
  bool gone_ = false;          // guarded by mutex_: the destination, for good
  std::thread thread_;
};

}  // namespace millrace
