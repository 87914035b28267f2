#include "plugins/inputs/file/discovery.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <filesystem>
#include <memory>

namespace millrace {
namespace {

using Paths = std::set<std::string>;

std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), GLOB_BRACE | GLOB_NOSORT, nullptr, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return paths;
}

/// The pattern that matches `path` and nothing else.
std::string quoted(const std::string& path) {
  std::string pattern;
  for (const char c : path) {
    if (std::string_view("*?[]{}\\,").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

/// `top` and the directories below it, each ending in a slash.
std::vector<std::string> directories(const std::string& top) {
  namespace fs = std::filesystem;
  std::vector<std::string> found{top.ends_with('/') ? top : top + '/'};
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(top, options, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    if (!at->is_directory(gone) || at->is_symlink(gone)) continue;
    if (at->path().filename().native().starts_with('.'))
      at.disable_recursion_pending();
    else
      found.push_back(at->path().native() + '/');
  }
  return found;
}

void expand(const std::string& pattern, Paths& out) {
  const std::size_t deep = pattern.find("**/");
  if (deep == std::string::npos) {
    for (std::string& path : matches(pattern)) out.insert(std::move(path));
    return;
  }
  const std::string rest = pattern.substr(deep + 3);
  for (const std::string& top : matches(pattern.substr(0, deep)))
    for (const std::string& directory : directories(top)) expand(quoted(directory) + rest, out);
}

bool is_excluded(const std::string& path, const std::vector<std::string>& exclude) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return std::any_of(exclude.begin(), exclude.end(), [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), name.c_str(), 0) == 0 ||
           fnmatch(pattern.c_str(), path.c_str(), 0) == 0;
  });
}

std::int64_t nanoseconds(const statx_timestamp& time) {
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

/// nullopt: there is no regular file.
std::optional<FoundFile> look_at(const std::string& path) {
  struct statx about {};
  const unsigned wanted = STATX_TYPE | STATX_INO | STATX_SIZE | STATX_MTIME | STATX_BTIME;
  if (statx(AT_FDCWD, path.c_str(), 0, wanted, &about) != 0 || !S_ISREG(about.stx_mode))
    return std::nullopt;
  const bool has_birth = (about.stx_mask & STATX_BTIME) != 0;
  return FoundFile{path,
                   {about.stx_ino, about.stx_dev_major, about.stx_dev_minor},
                   about.stx_size,
                   nanoseconds(about.stx_mtime),
                   has_birth ? nanoseconds(about.stx_btime) : 0};
}

template <typename Wanted>
std::vector<FoundFile> list(const std::string& directory, Wanted&& wanted) {
  std::vector<FoundFile> files;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(opendir(directory.c_str()), closedir);
  while (const dirent* entry = listing ? readdir(listing.get()) : nullptr) {
    if (!wanted(*entry)) continue;
    auto file = look_at(directory + entry->d_name);
    if (file) files.push_back(std::move(*file));
  }
  return files;
}

}  // namespace

std::optional<FoundFile> find_file(const std::string& path) { return look_at(path); }

FileId FileId::of(const struct stat& about) {
  return {about.st_ino, major(about.st_dev), minor(about.st_dev)};
}

bool has_wildcards(const std::string& pattern) {
  return pattern.find_first_of("*?[{\\") != std::string::npos;
}

std::vector<FoundFile> find_files(const std::vector<std::string>& patterns,
                                  const std::vector<std::string>& exclude) {
  Paths paths;
  for (const std::string& pattern : patterns) expand(pattern, paths);
  std::vector<FoundFile> files;
  std::set<FileId> known;
  for (const std::string& path : paths) {
    if (is_excluded(path, exclude)) continue;
    auto file = look_at(path);
    if (file && known.insert(file->id).second) files.push_back(std::move(*file));
  }
  return files;
}

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

std::string family_of(const std::string& path) {
  return path.substr(0, path.find('.', path.rfind('/') + 2));
}

std::vector<FoundFile> find_relatives(const std::string& path) {
  const std::size_t name_at = path.rfind('/') + 1;
  const std::string name = path.substr(name_at);
  const std::string stem = family_of(path).substr(name_at);
  return list(directory_of(path), [&](const dirent& entry) {
    return std::string_view(entry.d_name).starts_with(stem) && entry.d_name != name;
  });
}

std::vector<FoundFile> find_in_directory(const std::string& directory,
                                         const std::set<std::uint64_t>& inodes) {
  return list(directory, [&](const dirent& entry) { return inodes.contains(entry.d_ino); });
}

std::optional<std::string> find_in_directory(const std::string& directory, const FileId& file) {
  for (const FoundFile& found : find_in_directory(directory, std::set{file.inode}))
    if (found.id == file) return found.path;  // a mount point has another inode than its entry says
  return std::nullopt;
}

}  // namespace millrace
