#include "plugins/inputs/file/completed.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace millrace {
namespace {

Error failed(const char* what, const std::string& path) {
  return fail(Errc::io, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

/// What is behind the last newline of a log of `size` bytes, as much of it as may be of `line`.
std::string last_words(int fd, off_t size, const std::string& line) {
  std::string end(std::min<std::size_t>(line.size(), static_cast<std::size_t>(size)), '\0');
  const ssize_t got = pread(fd, end.data(), end.size(), size - static_cast<off_t>(end.size()));
  end.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return end.substr(end.rfind('\n') + 1);
}

/// Appends to a log that a crash may have ended in the middle of a line: where it was this line, it
/// is finished. A full disk may take a part of it, which would spoil the next one.
bool append_whole(int fd, const std::string& line) {
  struct stat before {};
  if (fstat(fd, &before) != 0) return false;
  const std::string torn = last_words(fd, before.st_size, line);
  const std::string text = line.starts_with(torn) ? line.substr(torn.size()) : '\n' + line;
  errno = ENOSPC;  // what a short write means
  if (write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      (fsync(fd) == 0 || errno == EINVAL))  // EINVAL: a device, which keeps nothing back
    return true;
  const int error = errno;
  const bool undone = ftruncate(fd, before.st_size) == 0;
  errno = undone ? error : errno;
  return false;
}

}  // namespace

Result<void> log_completed(const std::string& log, const std::string& path) {
  const int fd = open(log.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return failed("open file_completed_log_path", log);
  Result<void> outcome;
  if (!append_whole(fd, path + '\n')) outcome = failed("write to file_completed_log_path", log);
  close(fd);
  return outcome;
}

Result<void> delete_completed(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return failed("delete", path);
}

}  // namespace millrace
