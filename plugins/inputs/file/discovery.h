#pragma once

#include <sys/stat.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace {

/// What a file is, whatever its path is by now.
struct FileId {
  std::uint64_t inode = 0;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;

  static FileId of(const struct stat& about);
  friend auto operator<=>(const FileId&, const FileId&) = default;
};

/// A regular file that a pattern matched.
struct FoundFile {
  std::string path;
  FileId id;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  ///< since the epoch
  std::int64_t born_ns = 0;      ///< since the epoch; 0 where the file system does not keep it
};

/// Does it hold anything that makes it match more than one path?
bool has_wildcards(const std::string& pattern);

/// The regular file at `path`, links followed; nullopt: there is none.
std::optional<FoundFile> find_file(const std::string& path);

/// The regular files that match any of `patterns` and none of `exclude`, each file once, sorted by
/// path. Patterns are those of glob(3) with `{a,b}`, and `**/` for directories of any depth, links
/// to directories and hidden ones not followed. What cannot be read is left out.
std::vector<FoundFile> find_files(const std::vector<std::string>& patterns,
                                  const std::vector<std::string>& exclude);

/// `path` up to its last slash, with it.
std::string directory_of(const std::string& path);

/// `path` up to the first dot of its name: as the paths begin that rotation gives its files.
std::string family_of(const std::string& path);

/// The regular files beside `path`, other ones than itself, of its family.
std::vector<FoundFile> find_relatives(const std::string& path);

/// The regular files in `directory`, which ends in a slash, that have one of the inodes.
std::vector<FoundFile> find_in_directory(const std::string& directory,
                                         const std::set<std::uint64_t>& inodes);

/// The path of `file` in `directory`, which ends in a slash, whatever its name is there; nullopt:
/// it is not there.
std::optional<std::string> find_in_directory(const std::string& directory, const FileId& file);

}  // namespace millrace
