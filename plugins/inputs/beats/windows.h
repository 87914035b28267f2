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
/// - Where they are wanted, and the client numbers events from 1 as those of version 2 do, how far
///   the oldest window is done is said as well, and is what keep-alives repeat.
class Windows {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Windows(std::chrono::milliseconds keepalive, bool partial_acks = false)
      : keepalive_(keepalive), partial_acks_(partial_acks) {}

  /// Whether a window of version 2 has come, but cannot be read yet: its client waits already.
  void expect(bool window);
  /// A window begins; the last one must be complete.
  void open(char version);
  /// The open window is complete: its events end at `position` of the connection.
  void complete(std::uint32_t last_sequence, std::uint64_t position);
  /// Everything up to `position` is delivered.
  void acknowledged(std::uint64_t position);

  /// Appends to `out` the frames that are due.
  void take(Time now, std::string& out);

  /// Since when a window that has come as a whole, or cannot be read, has not moved on, as far as
  /// take() was told the time; nullopt: there is none.
  std::optional<Time> stalled_since() const;

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
  std::uint32_t part_done() const;

  const std::chrono::milliseconds keepalive_;
  const bool partial_acks_;
  std::deque<Complete> waiting_;
  bool expected_ = false;
  bool open_ = false;
  char open_version_ = '2';
  std::size_t version_1_ = 0;  // windows of version 1 that are open or wait
  std::uint64_t delivered_ = 0;
  std::uint64_t acknowledged_ = 0;  // the end of the latest window that has its ACK
  std::uint32_t part_said_ = 0;     // of the oldest window
  bool moved_ = true;               // since the latest take()
  Time moved_at_{};
  std::optional<Time>
      quiet_since_;  // the latest time at which something was sent, or nothing was owed
};

}  // namespace millrace::beats
