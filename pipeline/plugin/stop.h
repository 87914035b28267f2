#pragma once

#include <atomic>
#include <chrono>

namespace millrace {

/// Asks threads to stop, in a way that both a loop and a poll() can see. Thread-safe; request() is
/// async-signal-safe.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void request() noexcept;
  bool requested() const { return requested_.load(std::memory_order_acquire); }

  /// Readable once a stop was requested: for poll() beside other descriptors.
  int fd() const { return fd_; }

  /// Waits until `time` has passed (true) or a stop is requested (false).
  bool wait(std::chrono::milliseconds time) const;

 private:
  std::atomic<bool> requested_{false};
  int fd_;
};

}  // namespace millrace
