#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "pipeline/plugin/output.h"
#include "pipeline/plugin/stop.h"

namespace millrace {

/// What an output's thread hands to a thread of the output's own that sends: deliveries, of which a
/// bounded number of bytes are under way, and the word that the sending thread is to end.
class DeliveryInbox {
 public:
  /// `wake` makes the sending thread look at the inbox. It is called under the inbox's lock, from
  /// the output's thread, and must neither block nor call the inbox.
  DeliveryInbox(std::size_t most_bytes, std::function<void()> wake)
      : most_bytes_(most_bytes), wake_(std::move(wake)) {}

  // On the output's thread:

  /// Blocks while most_bytes or more are under way, so that they are exceeded by one delivery at
  /// most. `bytes` are under way until release(). When `stop` comes while it blocks, the delivery
  /// is let go unsettled.
  void put(Delivery delivery, std::size_t bytes, const StopSignal& stop);
  /// Nothing is put any more: the sending thread is to end when all is settled.
  void finish();
  /// The sending thread is to end at once. It can be joined after this.
  void give_up();
  /// Returns when the sending thread has ended, or `stop` comes.
  void wait_until_ended(const StopSignal& stop);

  // On the sending thread:

  struct Arrived {
    std::vector<Delivery> deliveries;
    bool no_more = false;  ///< nothing comes behind these
    bool give_up = false;
  };
  /// What has come since the last time, in order. Does not wait.
  Arrived take();
  /// So many bytes that were put are not under way any more.
  void release(std::size_t bytes);
  /// The last call of the sending thread.
  void ended();
  /// As long as it is held, nobody is inside `wake`: for replacing what that uses.
  std::unique_lock<std::mutex> hold() { return std::unique_lock(mutex_); }

 private:
  const std::size_t most_bytes_;
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable changed_;   // held_bytes_ became less, or the thread ended
  std::vector<Delivery> deliveries_;  // guarded by mutex_, as all below
  std::size_t held_bytes_ = 0;
  bool finishing_ = false;
  bool give_up_ = false;
  bool ended_ = false;
};

}  // namespace millrace
