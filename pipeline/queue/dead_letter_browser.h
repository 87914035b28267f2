#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/queue/dead_letter_marks.h"
#include "pipeline/queue/dead_letter_segment.h"

/// Dead-letter queues as an operator sees them. Works beside the process that writes.
namespace millrace::dlq {

/// Names a letter of a queue for good: `SEGMENT:OFFSET`.
struct LetterId {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;

  static std::optional<LetterId> parse(std::string_view text);
  std::string text() const;
  friend auto operator<=>(const LetterId&, const LetterId&) = default;
};

/// Which letters are meant; what is not set matches all.
struct LetterFilter {
  std::optional<Timestamp> since;        ///< written then or later
  std::optional<Timestamp> until;        ///< written before
  std::optional<std::string> reason;     ///< its code
  std::optional<std::string> component;  ///< its plugin's id or type
  std::optional<LetterId> id;
  bool done_too = false;  ///< also those that were replayed or purged

  bool matches(const Record& record) const;
};

struct Letter {
  LetterId id;
  const Record& record;        ///< holds during the call
  std::uint32_t refusals = 0;  ///< of replays
  bool done = false;
};

/// What there was besides letters.
struct Browsed {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;          ///< of the segments
  std::uint64_t damaged_bytes = 0;  ///< that no checksum vouches for, in segments that are whole
};

/// Calls `see` for each letter that is meant, in the order in which they were written, until it
/// returns false. Segments that go away meanwhile are no error. Errors: Errc::io, Errc::invalid for
/// a file of another format.
Result<Browsed> browse(const std::filesystem::path& directory, const LetterFilter& filter,
                       const std::function<bool(const Letter&)>& see);

/// The right to mark letters of a queue: one process at a time, so that no letter is replayed
/// twice. Errors: Errc::closed where another has it; Errc::io.
Result<File> lock_for_operator(const std::filesystem::path& directory);

/// Removes whole segments in which everything is done with, and marks without a segment. Caller has
/// the operator's lock. Returns the bytes that came free. Errors: Errc::io.
Result<std::uint64_t> remove_done_segments(const std::filesystem::path& directory);

/// The queues below path.dead_letter_queue: the names of the directories that hold segments.
std::vector<std::string> list_queues(const std::filesystem::path& base);

}  // namespace millrace::dlq
