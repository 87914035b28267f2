#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/queue/dead_letter_record.h"
#include "pipeline/queue/file.h"
#include "pipeline/result.h"

/// The files of a dead-letter queue, a directory for each pipeline:
///
///     0000000001.dlq    a whole segment; nobody writes to it any more
///     0000000002.open   the segment that is being written
///     0000000001.marks  which letters of it were dealt with (dead_letter_marks.h)
///     .lock             held by the process that writes; the number of the latest segment, as text
///     .operator         held by who replays or purges
///
/// Numbers rise and are not used again while any file of the queue exists.
namespace millrace::dlq {

struct SegmentFile {
  std::uint64_t number = 0;
  std::filesystem::path path;
  bool sealed = false;  ///< nobody writes to it any more: it says so, or a later one exists
  std::uint64_t bytes = 0;
};

std::filesystem::path sealed_path(const std::filesystem::path& directory, std::uint64_t number);
std::filesystem::path open_path(const std::filesystem::path& directory, std::uint64_t number);

/// By number. None where there is no such directory. Errors: Errc::io.
Result<std::vector<SegmentFile>> list_segments(const std::filesystem::path& directory);

/// The number of the latest segment that there ever was; 0: none, or nobody knows.
std::uint64_t last_number(const std::filesystem::path& directory);

/// Reads the records of a segment, also while it is written: what is not whole yet is not there
/// yet. Memory: one record and a window of 256 KiB.
class SegmentReader {
 public:
  /// `offset`: of the record to begin with, or 0. Errors: Errc::io; Errc::invalid where it does not
  /// begin as a segment does.
  static Result<SegmentReader> open(const SegmentFile& file, std::uint64_t offset = 0);

  struct Entry {
    std::uint64_t offset = 0;  ///< of the record in its segment
    std::uint64_t end = 0;     ///< where the next one begins
    Record record{};           ///< views that hold until the next call
  };

  /// nullopt: the end, for now where the segment is still written. Damaged records are left out and
  /// counted. Errors: Errc::io.
  Result<std::optional<Entry>> next();

  /// Bytes that no checksum vouches for, left out so far. What follows the last whole record counts
  /// only where nobody writes any more: see tail_bytes().
  std::uint64_t damaged_bytes() const { return damaged_bytes_; }
  /// Behind the end that next() reported.
  std::uint64_t tail_bytes() const { return tail_bytes_; }
  /// Where the next record begins.
  std::uint64_t offset() const { return begin_ + at_; }
  bool sealed() const { return sealed_; }

 private:
  SegmentReader(File file, bool sealed, std::uint64_t begin)
      : file_(std::move(file)), sealed_(sealed), begin_(begin) {}
  /// Reads on until the window has `bytes` behind at_, or the file ends.
  Result<void> fill(std::size_t bytes);
  std::optional<Entry> end();

  File file_;
  bool sealed_;
  std::uint64_t begin_;  // where in the file the window begins
  std::string window_;
  std::size_t at_ = 0;
  std::uint64_t damaged_bytes_ = 0;
  std::uint64_t tail_bytes_ = 0;
};

/// What one pass over a segment tells.
struct SegmentSummary {
  std::uint64_t entries = 0;
  Timestamp newest{};            ///< of its entries
  std::uint64_t good_bytes = 0;  ///< up to the end of the last whole record
};
Result<SegmentSummary> summarize(const SegmentFile& file);

}  // namespace millrace::dlq
