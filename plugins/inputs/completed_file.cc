#include "plugins/inputs/completed_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace millrace {
namespace {

Error failed(const char* what, const std::string& path) {
  return fail(Errc::io, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

Result<void> append_line(const std::string& log, const std::string& line) {
  const int fd = open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return failed("open file_completed_log_path", log);
  const std::string text = line + '\n';
  Result<void> outcome;
  if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    outcome = failed("write to file_completed_log_path", log);
  close(fd);
  return outcome;
}

}  // namespace

Result<void> dispose_of(const std::string& path, const FileInputOptions& options) {
  if (options.removes_completed() && unlink(path.c_str()) != 0 && errno != ENOENT)
    return failed("delete", path);
  return options.logs_completed() ? append_line(*options.file_completed_log_path, path)
                                  : Result<void>();
}

}  // namespace millrace
