#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace millrace::beats {

/// The windows of one connection, in order, and the acknowledgements that are owed for them. A pure
/// state machine: time is told to it. Not thread-safe.
///
/// - A window is done when everything up to its end is delivered. Then it gets exactly one ACK of
///   its own version with the sequence number of its last event. ACKs leave in window order.
/// - A client of version 1 takes any ACK for full success. So only clients of version 2 get
///   keep-alives (ACK 0), while something is not done and nothing was sent for a while; each
///   restarts their timeout.
class Windows {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Windows(std::chrono::milliseconds keepalive) : keepalive_(keepalive) {}

  /// Whether a window of version 2 has come, but cannot be read yet: its client waits already.
  void expect(bool window) { expected_ = window; }
  /// A window begins; the last one must be complete.
  void open(char version);
  /// The open window is complete: its events end at `position` of the connection.
  void complete(std::uint32_t last_sequence, std::uint64_t position);
  /// Everything up to `position` is delivered.
  void acknowledged(std::uint64_t position);

  /// Appends to `out` the frames that are due.
  void take(Time now, std::string& out);

  /// Nothing is open, nothing waits for its ACK.
  bool idle() const { return !open_ && waiting_.empty(); }
  /// Complete windows without an ACK.
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Complete {
    char version;
    std::uint32_t last_sequence;
    std::uint64_t end;
  };
  bool owes_nothing() const { return idle() && !expected_; }

  const std::chrono::milliseconds keepalive_;
  std::deque<Complete> waiting_;
  bool expected_ = false;
  bool open_ = false;
  char open_version_ = '2';
  std::size_t version_1_ = 0;  // windows of version 1 that are open or wait
  std::uint64_t delivered_ = 0;
  std::optional<Time>
      quiet_since_;  // the latest time at which something was sent, or nothing was owed
};

}  // namespace millrace::beats
