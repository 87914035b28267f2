#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/inputs/file/discovery.h"
#include "plugins/inputs/file/head.h"

namespace millrace {

/// What is stored of a file. Its text is a line of Logstash's sincedb with more behind a tab:
///
///     inode device_major device_minor offset last_activity path<TAB>name=value ... sum=CHECKSUM
///
/// last_activity in seconds since the epoch, with fraction. In the path `\t`, `\n` and `\\` stand
/// for a tab, a line break and a backslash.
struct FileRecord {
  FileId id;
  std::uint64_t offset = 0;    ///< bytes on disk that are done with
  std::uint64_t unpacked = 0;  ///< of an archive that is half read: bytes of what it unpacks to
  bool completed = false;      ///< file_completed_action was done at this offset
  std::int64_t born_ns = 0;    ///< as FoundFile's
  Head head;                   ///< of the content that the offset is about
  std::string source;  ///< what names that content in the ids of events; "" until it is read
  bool gone = false;   ///< of this file nothing is known any more
  double active = 0;
  std::string path;
};

/// A line, with its line break.
std::string to_line(const FileRecord& record);

/// Reads a line, without line break, of ours or of Logstash's: old ones of those end after the
/// offset, active is 0 then. A file of Logstash's counts as completed. nullopt: it makes no sense,
/// or is not as it was written.
std::optional<FileRecord> read_record(std::string_view line);

}  // namespace millrace
