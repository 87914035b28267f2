#include "plugins/outputs/torn_end.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace millrace {
namespace {

Error failed(const char* what) {
  return fail(Errc::io, fmt::format("cannot {}: {}", what, std::strerror(errno)));
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("write");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<void> copy(int from_fd, std::uint64_t from, std::uint64_t size, int to_fd) {
  constexpr std::uint64_t kPiece = std::uint64_t{64} << 10;
  std::string piece;
  while (from < size) {
    piece.resize(std::min(kPiece, size - from));
    auto done = read_at(from_fd, from, piece);
    if (done) done = write_all(to_fd, piece);
    if (!done) return done;
    from += piece.size();
  }
  return {};
}

}  // namespace

Error file_error(const char* what, const std::string& path) {
  const int error = errno;
  const bool hopeless =
      error == ENAMETOOLONG || error == EISDIR || error == ENOTDIR || error == ELOOP;
  return fail(hopeless ? Errc::invalid : Errc::io,
              fmt::format("cannot {} {}: {}", what, path, std::strerror(error)));
}

Result<void> read_at(int fd, std::uint64_t at, std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got =
        pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read");
    if (got == 0) return fail(Errc::io, "it shrank while it was read");
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Result<std::optional<std::uint64_t>> end_of_last_event(int fd, std::uint64_t size,
                                                       std::string_view ending) {
  std::string tail;
  for (const std::uint64_t window : {std::uint64_t{4096}, kMostTornBytes}) {
    tail.resize(std::min(window, size));
    auto read = read_at(fd, size - tail.size(), tail);
    if (!read) return std::move(read).error();
    const std::size_t last = tail.rfind(ending);
    if (last != std::string::npos) return std::optional(size - tail.size() + last + ending.size());
  }
  return tail.size() == size ? std::optional<std::uint64_t>(0) : std::nullopt;
}

Result<void> append_tail(int fd, std::uint64_t from, std::uint64_t size, std::string_view ending,
                         const std::string& path) {
  struct stat about {};
  if (fstat(fd, &about) != 0) return failed("look at the file");
  const int to = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                      about.st_mode & static_cast<mode_t>(0777));
  if (to < 0) return file_error("open", path);
  struct stat before {};
  auto done = fstat(to, &before) == 0 ? copy(fd, from, size, to) : failed("look at the file");
  if (done) done = write_all(to, ending);
  if (!done && ftruncate(to, before.st_size) != 0) done = failed("cut back");
  close(to);
  return done;
}

}  // namespace millrace
