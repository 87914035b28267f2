#include "pipeline/queue/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace millrace {

Result<File> File::open(std::filesystem::path path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
  File file(std::move(path), fd);
  if (fd < 0) return file.failed("open");
  return file;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Error File::failed(const char* what) const {
  return fail(Errc::io,
              fmt::format("cannot {} {}: {}", what, path_.native(), std::strerror(errno)));
}

Result<void> File::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd_, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("write");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<void> File::write_at(std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("write");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

Result<std::size_t> File::read_at(char* to, std::size_t size, std::uint64_t offset) const {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd_, to + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<std::uint64_t> File::size() const {
  struct stat about {};
  if (fstat(fd_, &about) != 0) return failed("examine");
  return static_cast<std::uint64_t>(about.st_size);
}

Result<void> File::truncate(std::uint64_t size) {
  if (ftruncate(fd_, static_cast<off_t>(size)) != 0) return failed("cut");
  return {};
}

Result<void> File::sync() {
  if (fdatasync(fd_) != 0) return failed("sync");
  return {};
}

bool File::try_lock() { return flock(fd_, LOCK_EX | LOCK_NB) == 0; }

Result<void> replace_file(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  const std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : ".";
  std::filesystem::create_directories(directory, error);
  const std::filesystem::path fresh = path.native() + ".new";
  auto file = File::open(fresh, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return std::move(file).error();
  auto done = file->write(text);
  if (done) done = file->sync();
  if (!done) return done;
  std::filesystem::rename(fresh, path, error);
  if (error)
    return fail(Errc::io, fmt::format("cannot replace {}: {}", path.native(), error.message()));
  return sync_directory(directory);
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  auto opened = File::open(directory, O_RDONLY | O_DIRECTORY);
  if (!opened) return std::move(opened).error();
  return opened->sync();
}

}  // namespace millrace
