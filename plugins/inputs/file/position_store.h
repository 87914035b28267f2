#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "pipeline/result.h"
#include "plugins/inputs/file/record.h"

namespace millrace {

/// Records on disk, in three files:
///
///     PATH          a snapshot: a line for each record, then `# ID COUNT SECONDS`, when it was
///     made PATH.old      the snapshot before it: what is damaged in the one is taken from the
///     other PATH.recent   `# ID`, the snapshot that it follows, then a line for each record that
///     has
///                   changed since, the latest last
///
/// Each line of ours ends in a checksum of itself. A snapshot is replaced as a whole (temporary
/// file, fsync, rename, fsync of the directory): after a power cut it is the old one or the new
/// one. What is appended is safe from the end of the process at once, from a power cut with the
/// next snapshot. Records of Logstash's sincedb are read as well, and replaced by the first
/// snapshot.
///
/// One caller at a time.
class PositionStore {
 public:
  /// "" keeps nothing.
  explicit PositionStore(std::filesystem::path path);
  ~PositionStore() { end_recent(); }
  PositionStore(const PositionStore&) = delete;
  PositionStore& operator=(const PositionStore&) = delete;

  struct Content {
    std::vector<FileRecord> records;   ///< the latest of each file
    std::vector<std::string> damaged;  ///< lines that are left out
    bool is_whole = true;              ///< false: there were more records, or later ones
    double made = 0;                   ///< when, in seconds since the epoch; 0: not known, or never
  };
  /// No file is an empty store. Errors: Errc::io where it is there and cannot be read.
  Result<Content> load();

  /// Replaces everything. Errors: Errc::io; what was stored before counts then.
  Result<void> replace(std::span<const FileRecord> records, double now);

  /// Appends what has changed. Errors: Errc::io, also where only replace() can help: nothing was
  /// stored before, or the latest append() failed.
  Result<void> append(std::span<const FileRecord> changed);

  /// Should replace() come next, because much was appended?
  bool is_long() const { return recent_bytes_ > kMostRecentBytes; }

 private:
  static constexpr std::size_t kMostRecentBytes = std::size_t{4} << 20;

  static Content read_snapshot(std::string_view text, std::uint64_t& id);
  void load_old(Content& out) const;
  void load_recent(std::string_view text, Content& out) const;
  void end_recent();

  const std::filesystem::path path_;
  const std::filesystem::path old_path_;
  const std::filesystem::path recent_path_;
  std::uint64_t snapshot_ = 0;  // its id; 0: there is none, or it cannot be appended to
  int recent_ = -1;
  std::size_t recent_bytes_ = 0;
};

}  // namespace millrace
