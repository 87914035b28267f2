#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/queue/dead_letter_segment.h"

namespace millrace {

/// What a full dead-letter queue does (dead_letter_queue.storage_policy).
enum class FullQueue {
  block,       ///< the letter waits, and with it its output
  drop_newer,  ///< the letter is lost, counted
  drop_older,  ///< the oldest segments are removed, what was in them is counted
};

struct DeadLetterSettings {
  std::filesystem::path directory;  ///< path.dead_letter_queue/PIPELINE
  std::uint64_t max_bytes = std::uint64_t{1} << 30;
  FullQueue when_full = FullQueue::block;
  std::optional<std::chrono::milliseconds> retain_age;
  /// A segment that was written to and then is left alone for this long is sealed.
  std::chrono::milliseconds flush_interval{5000};
  /// How often a full queue looks whether somebody made room.
  std::chrono::milliseconds look_again{200};
  std::string component = "dead letters";  ///< who speaks in the log
};

/// The dead-letter queue of one pipeline on disk: segments (dead_letter_segment.h) of a tenth of
/// max_bytes, at the most 10 MiB, but never fewer bytes than one letter needs.
///
/// write() returns when the letters are synced to the disk (one fdatasync for a call), so what was
/// settled survives kill -9 and a power cut; what was cut short by a crash was never settled, and
/// open() removes it. A disk that refuses is a full queue: nothing is lost, the letters wait.
/// All segments together stay within max_bytes; marks and names come on top.
class DeadLetterStore : public DeadLetters {
 public:
  explicit DeadLetterStore(DeadLetterSettings settings);
  ~DeadLetterStore() override;

  /// Makes the directory, claims it, seals what a crash left and removes what is too old.
  Result<void> open() override;
  /// Seals the open segment and lets the directory go. write() is `full` from here on.
  void close() override;

  using DeadLetters::write;
  std::size_t write(std::span<const DeadLetter> letters,
                    std::span<DeadLetterOutcome> outcomes) override;
  bool keeps() const override { return true; }
  DeadLetterCounts counts() const override;

  /// Seals the open segment where it is due, and removes letters that are too old. A thread calls
  /// it; public for tests.
  void tend();

  /// Bytes of all segments.
  std::uint64_t bytes() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Pass;

  Result<void> recover();
  std::optional<DeadLetterOutcome> add(const DeadLetter& letter, Pass& pass);
  bool commit(Pass& pass);
  Result<void> write_pending(const Pass& pass);
  Result<void> begin_segment();
  void abandon_pending();
  void seal();
  std::uint64_t segment_bytes(const Pass& pass) const;
  bool fits(std::uint64_t more) const { return bytes_ + more <= settings_.max_bytes; }
  bool make_room(std::uint64_t more);
  void remove(const dlq::SegmentFile& segment, std::uint64_t& counter);
  void remove_expired();
  void recount();
  void tend_now();
  void say_trouble(std::string what);

  const DeadLetterSettings settings_;
  const std::uint64_t most_segment_bytes_;
  mutable std::mutex mutex_;  // guards all below; held while the disk works
  File lock_;
  File segment_;                  // not open: the next letter begins one
  std::uint64_t number_ = 0;      // of the latest segment
  std::uint64_t good_bytes_ = 0;  // of segment_: synced, whole letters
  std::uint64_t entries_ = 0;     // of segment_
  std::uint64_t bytes_ = 0;       // of all segments
  Clock::time_point written_{};   // the last commit
  Clock::time_point counted_{};   // the last recount()
  DeadLetterCounts counts_;
  std::string trouble_;  // what write() waits for; said once
  bool closing_ = false;
  std::condition_variable closed_;
  std::thread tender_;
};

}  // namespace millrace
