#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <vector>

#include "pipeline/delivery/receipt.h"
#include "pipeline/result.h"

namespace millrace::dead_letter_input {

/// Where a reader of a dead-letter queue stands: before the letter at `offset` of `segment`.
struct Place {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;  ///< 0: at its beginning
  friend auto operator<=>(const Place&, const Place&) = default;
};

/// How far the letters of a queue were delivered, in memory and in a file of one line,
/// `SEGMENT OFFSET`, which is replaced as a whole. Thread-safe.
class Position {
 public:
  /// `store`: "" keeps nothing beyond the process.
  explicit Position(std::filesystem::path store) : store_(std::move(store)) {}

  /// What an earlier run left; nullopt: nothing. Errors: Errc::io; Errc::invalid where it makes no
  /// sense.
  Result<std::optional<Place>> load();

  /// A batch that ends at `end` is on its way. Returns the position to emit it with. With
  /// `segment_done` the segment before `end` is read to its end.
  std::uint64_t emitted(Place end, bool segment_done = false);

  /// Everything emitted up to this position is settled.
  void acknowledged(std::uint64_t position) noexcept;

  /// Writes the store if the position has moved. One caller at a time. Errors: Errc::io.
  Result<void> save();

  /// Segments that were delivered to their end since the last call. Only after a save() that was
  /// good may they be removed.
  std::vector<std::uint64_t> take_done_segments();

 private:
  struct OnTheWay {
    Place end;
    std::optional<std::uint64_t> done_segment;
  };

  const std::filesystem::path store_;
  std::mutex mutex_;
  std::deque<OnTheWay> on_the_way_;           // guarded by mutex_, as all that follows
  std::uint64_t first_ = 1;                   // the position of on_the_way_.front()
  std::optional<Place> delivered_;            // moved in this run
  std::vector<std::uint64_t> done_segments_;  // not taken yet
  bool changed_ = false;
};

}  // namespace millrace::dead_letter_input
