#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace millrace::mirror {

/// Bytes a second for all shards of a flow together. What was taken too much is waited for, so that
/// records of any size pass; a second's worth that was not taken may be made up for. Thread-safe.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  /// 0: no limit.
  RateLimit(std::uint64_t bytes_per_second, Clock::time_point now)
      : rate_(static_cast<double>(bytes_per_second)), room_(rate_), at_(now) {}

  /// Whether more may be taken now.
  bool is_open(Clock::time_point now);
  void take(std::uint64_t bytes);

 private:
  const double rate_;  ///< bytes a second
  std::mutex mutex_;
  double room_;           // guarded by mutex_: bytes; below 0: too much was taken
  Clock::time_point at_;  // guarded by mutex_: when room_ was that
};

}  // namespace millrace::mirror
