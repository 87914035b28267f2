#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "plugins/inputs/beats/budget.h"
#include "plugins/inputs/beats/windows.h"

namespace millrace::beats {

/// What one connection has emitted and what it owes its client. Thread-safe: the thread that
/// decodes tells of windows and batches, the engine of deliveries, the network takes the ACKs.
class Deliveries {
 public:
  Deliveries(std::chrono::milliseconds keepalive, bool partial_acks, Budget::Account& account)
      : windows_(keepalive, partial_acks), account_(account) {}

  void expect(bool window);
  void opened(char version);
  void completed(std::uint32_t last_sequence, std::uint64_t position);
  /// A batch of so many bytes that ends at `position` is about to be emitted.
  void emitting(std::uint64_t position, std::size_t bytes);
  void acknowledged(std::uint64_t position);

  void take(Windows::Time now, std::string& out);
  std::optional<Windows::Time> stalled_since() const;
  bool idle() const;
  /// Complete windows without an ACK.
  std::size_t waiting() const;

 private:
  struct Batch {
    std::uint64_t end;
    std::size_t bytes;
  };

  mutable std::mutex mutex_;
  Windows windows_;              // guarded by mutex_
  std::deque<Batch> in_flight_;  // guarded by mutex_
  Budget::Account& account_;
};

}  // namespace millrace::beats
