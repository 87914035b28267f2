#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/delivery/receipt.h"
#include "pipeline/result.h"
#include "plugins/inputs/file/position_store.h"

namespace millrace {

/// How far each file was delivered, in memory and in a PositionStore.
///
/// Thread-safe; acknowledged() waits at most for map look-ups of others.
class FilePositions {
 public:
  /// What the positions of a file count.
  enum class Counts {
    bytes,     ///< of the file
    unpacked,  ///< bytes of what it unpacks to
  };

  /// `store`: /dev/null keeps nothing beyond the process. `forget_after`: how long a file is
  /// remembered that no discovery has found.
  FilePositions(std::filesystem::path store, std::chrono::milliseconds forget_after);

  /// Reads the store; none is there on the first run. Errors: Errc::io where it is there and cannot
  /// be read.
  Result<void> load();
  /// Lines of the store that make no sense and were left out.
  std::size_t malformed_lines() const { return malformed_lines_; }
  /// Are records missing, so that a file of which nothing is known may be one of theirs?
  bool is_incomplete() const { return is_incomplete_; }

  /// What is known of the file, which is remembered from now on; nullopt: nothing, or only of one
  /// that had its inode before: it was born after the last activity of that one.
  std::optional<FileRecord> find(const FoundFile& file);

  /// Reading begins at `offset` of the content that `start` describes. Returns the partition for
  /// the events' positions; what is acknowledged for earlier ones of the file does not count any
  /// more.
  std::uint64_t begin(FileRecord start, std::uint64_t offset, Counts counts);
  /// What was read of `from` goes on in `to`, with all that is being delivered.
  void move(const FileId& from, const FoundFile& to);
  /// What is known and not begun in this run.
  std::vector<FileRecord> not_begun() const;
  /// Was the file, of which nothing is known, made after earlier runs looked for new ones last, or
  /// so close to it that it must be taken for that? They looked each `discovery_interval`.
  bool is_news(const FoundFile& file, std::chrono::milliseconds discovery_interval) const;
  /// Nothing says yet that there was a run.
  bool is_first_run() const { return last_active_ == 0; }
  /// More is known of the file's content.
  void describe(const FileId& file, const Head& head, const std::string& source);

  void acknowledged(SourcePosition position) noexcept;

  /// What was acknowledged since begin(), at least its offset.
  std::uint64_t delivered(const FileId& file) const;

  /// All `size` bytes on disk are done with, file_completed_action too.
  void complete(const FileId& file, std::uint64_t size);
  /// Nothing more will be read of it; its record is kept for a while.
  void end(const FileId& file);
  /// The file is gone for good; its inode may come back as another one.
  void forget(const FileId& file);

  /// Replaces the stored snapshot if anything has changed since the latest one. Errors: Errc::io.
  Result<void> save();
  /// Appends what has changed to the store: cheap, and safe from the end of the process. Errors:
  /// Errc::io; it comes with the next save() then. One caller of the two at a time.
  Result<void> save_recent();

 private:
  struct Entry {
    FileRecord record;
    std::uint64_t delivered = 0;  // acknowledged in this run
    std::uint64_t partition = 0;  // 0: not begun in this run
    bool watched = false;         // begun, and not ended
    bool recent = false;          // it is in recent_
    Counts counts = Counts::bytes;
  };

  void touch(Entry& entry);
  void drop(std::map<FileId, Entry>::iterator entry);
  void drop_old();

  PositionStore store_;
  const std::chrono::milliseconds forget_after_;
  std::size_t malformed_lines_ = 0;
  bool is_incomplete_ = false;
  double last_active_ = 0;  // of earlier runs; 0: there was none
  mutable std::mutex mutex_;
  std::map<FileId, Entry> entries_;             // guarded by mutex_
  std::map<std::uint64_t, Entry*> partitions_;  // guarded by mutex_: those being read
  std::uint64_t last_partition_ = 0;            // guarded by mutex_
  std::vector<FileId> recent_;                  // guarded by mutex_: what save_recent() is to store
  bool changed_ = false;                        // guarded by mutex_: since the latest snapshot
};

}  // namespace millrace
