#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "pipeline/delivery/receipt.h"
#include "pipeline/result.h"
#include "plugins/inputs/file_discovery.h"

namespace millrace {

/// How far each file was delivered, in memory and in a file of Logstash's sincedb format: a line
///
///     inode device_major device_minor offset last_activity path
///
/// for each, last_activity in seconds since the epoch with fraction. The file is replaced as a
/// whole (temporary file, fsync, rename, fsync of the directory): after a crash it is the old one
/// or the new one.
///
/// Thread-safe; acknowledged() waits at most for map look-ups of others.
class FilePositions {
 public:
  /// What the position of a file means when it is stored.
  enum class Resume {
    at_offset,   ///< the next run goes on there
    when_whole,  ///< compressed: the next run begins anew unless the file was completed
  };

  /// `store`: /dev/null keeps nothing beyond the process. `forget_after`: of last activity.
  FilePositions(std::filesystem::path store, std::chrono::milliseconds forget_after);

  /// Reads the store; none is there on the first run. Lines that make no sense are counted in
  /// malformed_lines() and left out. Errors: Errc::io where it is there and cannot be read.
  Result<void> load();
  std::size_t malformed_lines() const { return malformed_lines_; }

  /// Where reading the file should go on; nullopt: nothing is known of it, or only of one that had
  /// its inode before: it was born after the last activity of that one.
  std::optional<std::uint64_t> find(const FoundFile& file) const;

  /// Reading begins at `offset`. Returns the partition for the events' positions; what is
  /// acknowledged for earlier ones of the file does not count any more.
  std::uint64_t begin(const FileId& file, const std::string& path, std::uint64_t offset,
                      Resume resume);

  void acknowledged(SourcePosition position) noexcept;

  /// What was acknowledged since begin(), at least its offset.
  std::uint64_t delivered(const FileId& file) const;

  /// All `size` bytes on disk are done with.
  void complete(const FileId& file, std::uint64_t size);
  /// The file is gone for good; its inode may come back as another one.
  void forget(const FileId& file);

  /// Writes the store if anything has changed. One caller at a time. Errors: Errc::io.
  Result<void> save();

 private:
  struct Entry {
    std::uint64_t offset = 0;     // to go on at
    std::uint64_t delivered = 0;  // acknowledged in this run
    std::uint64_t partition = 0;  // 0: not begun in this run
    Resume resume = Resume::at_offset;
    double active = 0;  // seconds since the epoch
    std::string path;
  };

  bool read_line(const std::string& line);
  std::string text();
  Result<void> replace(const std::string& text) const;

  const std::filesystem::path store_;
  const std::chrono::milliseconds forget_after_;
  std::size_t malformed_lines_ = 0;
  mutable std::mutex mutex_;
  std::map<FileId, Entry> entries_;             // guarded by mutex_
  std::map<std::uint64_t, Entry*> partitions_;  // guarded by mutex_: the current ones
  std::uint64_t last_partition_ = 0;            // guarded by mutex_
  bool changed_ = false;                        // guarded by mutex_
};

}  // namespace millrace
