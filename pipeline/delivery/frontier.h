#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace millrace {

/// In which order receipts of one source partition were opened, and up to where all of them are
/// settled. A pure state machine: no threads, no clock.
///
/// Receipts settle in any order; the frontier moves only over an unbroken run of settled ones, so
/// that whatever lies before it is safe.
class Frontier {
 public:
  /// A new receipt that ends at `position` of the source. Positions must not go back. Returns its
  /// number: 0, 1, 2, ...
  std::uint64_t open(std::uint64_t position);

  /// Receipt `number` is settled; each is settled once. Returns the new frontier where it moved:
  /// the position up to which everything is settled.
  std::optional<std::uint64_t> settle(std::uint64_t number);

  /// Receipts opened and not yet behind the frontier.
  std::size_t waiting() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t position;
    bool settled = false;
  };
  std::uint64_t first_ = 0;  // the number of entries_.front()
  std::deque<Entry> entries_;
};

}  // namespace millrace
