#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>
#include <utility>

#include "pipeline/result.h"

namespace millrace {

/// A file descriptor that closes itself, with calls that go on after signals and say what failed
/// and where. Errors: Errc::io.
class File {
 public:
  /// `flags` as open(2) takes them; O_CLOEXEC is added. New files get mode 0640.
  static Result<File> open(std::filesystem::path path, int flags);

  File() = default;
  File(File&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~File();

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  const std::filesystem::path& path() const { return path_; }

  Result<void> write(std::string_view bytes);
  Result<void> write_at(std::string_view bytes, std::uint64_t offset);
  /// Fewer than `size` only at the end of the file.
  Result<std::size_t> read_at(char* to, std::size_t size, std::uint64_t offset) const;
  Result<std::uint64_t> size() const;
  Result<void> truncate(std::uint64_t size);
  /// Its bytes and its size are on the disk.
  Result<void> sync();
  /// An exclusive lock for as long as it is open; false: another process holds it.
  bool try_lock();

 private:
  File(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  Error failed(const char* what) const;

  std::filesystem::path path_;
  int fd_ = -1;
};

/// Writes `text` as a whole (temporary file, sync, rename, sync of the directory): after a crash
/// the file is the old one or the new one. Makes its directories.
Result<void> replace_file(const std::filesystem::path& path, std::string_view text);

/// The names in it, new and gone, are on the disk.
Result<void> sync_directory(const std::filesystem::path& directory);

}  // namespace millrace
