#include "plugins/outputs/file_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

/// Makes the directories above `path` that are missing.
bool make_parents(const std::filesystem::path& path, int mode) {
  const std::filesystem::path parent = path.parent_path();
  if (parent.empty() || std::filesystem::is_directory(parent)) return true;
  if (!make_parents(parent, mode)) return false;
  if (mkdir(parent.c_str(), 0777) != 0 && errno != EEXIST) return false;
  if (mode >= 0) chmod(parent.c_str(), static_cast<mode_t>(mode));
  return true;
}

}  // namespace

FileWriter::FileWriter(std::string path, const FileWriterSettings& settings)
    : path_(std::move(path)), settings_(settings), used_(Clock::now()) {}

FileWriter::~FileWriter() {
  if (gzip_) deflateEnd(gzip_.get());
  if (fd_ >= 0) ::close(fd_);
}

/// A name that can never be a file's: trying again would block all other files for good.
bool is_hopeless(int error) {
  return error == ENAMETOOLONG || error == EISDIR || error == ENOTDIR || error == ELOOP;
}

Error FileWriter::failed(const char* what) const {
  const int error = errno;
  return fail(is_hopeless(error) ? Errc::invalid : Errc::io,
              fmt::format("cannot {} {}: {}", what, path_, std::strerror(error)));
}

Result<void> FileWriter::open() {
  if (!make_parents(path_, settings_.dir_mode)) return failed("make the directory of");
  const int truncate = settings_.overwrite && !opened_before_ ? O_TRUNC : 0;
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | truncate, 0666);
  if (fd_ < 0) return failed("open");
  if (settings_.file_mode >= 0) fchmod(fd_, static_cast<mode_t>(settings_.file_mode));
  struct stat about {};
  fstat(fd_, &about);
  size_ = static_cast<std::uint64_t>(about.st_size);
  opened_before_ = true;
  gone_ = false;
  opened_at_ = checked_ = Clock::now();
  if (settings_.gzip && !gzip_) {
    gzip_ = std::make_unique<z_stream>();
    std::memset(gzip_.get(), 0, sizeof(z_stream));
    deflateInit2(gzip_.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
                 Z_DEFAULT_STRATEGY);  // 16: with gzip's header
  }
  return {};
}

bool FileWriter::is_gone() {
  if (fd_ < 0 || Clock::now() - checked_ < std::chrono::seconds(1)) return gone_;
  checked_ = Clock::now();
  struct stat ours {};
  struct stat named {};
  gone_ = fstat(fd_, &ours) != 0 || stat(path_.c_str(), &named) != 0 ||
          ours.st_ino != named.st_ino || ours.st_dev != named.st_dev;
  return gone_;
}

Result<void> FileWriter::reopen_if_gone() {
  if (!is_gone()) return {};
  auto closed = close();
  return closed ? open() : std::move(closed);
}

Result<void> FileWriter::rotate_if_due() {
  const bool full = settings_.rotate_size != 0 && size_ >= settings_.rotate_size;
  const bool old = settings_.rotate_interval.count() != 0 &&
                   Clock::now() - opened_at_ >= settings_.rotate_interval;
  return size_ != 0 && (full || old) ? rotate() : Result<void>();
}

/// path.1 is the youngest of the old ones.
Result<void> FileWriter::rotate() {
  auto closed = close();
  if (!closed) return closed;
  const auto numbered = [&](int n) { return path_ + "." + std::to_string(n); };
  std::error_code ignored;  // one that is missing is no error
  std::filesystem::remove(numbered(settings_.rotate_keep), ignored);
  for (int n = settings_.rotate_keep - 1; n >= 1; --n)
    std::filesystem::rename(numbered(n), numbered(n + 1), ignored);
  const bool moved = settings_.rotate_keep > 0 ? rename(path_.c_str(), numbered(1).c_str()) == 0
                                               : unlink(path_.c_str()) == 0;
  if (!moved && errno != ENOENT) return failed("rotate");
  return open();
}

Result<void> FileWriter::write(std::string_view bytes, std::size_t& done) {
  used_ = Clock::now();
  if (done == 0) {  // between two writes, never in the middle of one
    auto ready = fd_ < 0 ? open() : reopen_if_gone();
    if (ready) ready = rotate_if_due();
    if (!ready) return ready;
  } else if (fd_ < 0) {
    auto ready = open();
    if (!ready) return ready;
  }
  return settings_.gzip ? compress(bytes, done, Z_NO_FLUSH) : put(bytes, done);
}

Result<void> FileWriter::put(std::string_view bytes, std::size_t& done) {
  while (done < bytes.size()) {
    const ssize_t wrote = ::write(fd_, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("write to");
    done += static_cast<std::size_t>(wrote);
    size_ += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

/// First what the compressor gave earlier goes out, then it gets more: an error leaves both where
/// they were.
Result<void> FileWriter::compress(std::string_view bytes, std::size_t& done, int flush) {
  for (;;) {
    auto out = put(compressed_, compressed_done_);
    if (!out) return out;
    compressed_.resize(std::size_t{64} << 10);
    compressed_done_ = 0;
    const std::size_t some = std::min<std::size_t>(bytes.size() - done, std::size_t{1} << 30);
    gzip_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + done));
    gzip_->avail_in = static_cast<uInt>(some);
    gzip_->next_out = reinterpret_cast<Bytef*>(compressed_.data());
    gzip_->avail_out = static_cast<uInt>(compressed_.size());
    const int state = deflate(gzip_.get(), flush);
    const bool output_full = gzip_->avail_out == 0;
    done += some - gzip_->avail_in;
    compressed_.resize(compressed_.size() - gzip_->avail_out);
    if (done == bytes.size() && !output_full && (flush != Z_FINISH || state == Z_STREAM_END))
      return put(compressed_, compressed_done_);
  }
}

Result<void> FileWriter::sync() {
  std::size_t done = 0;
  return gzip_ && fd_ >= 0 ? compress({}, done, Z_SYNC_FLUSH) : Result<void>();
}

Result<void> FileWriter::close() {
  if (fd_ < 0) return {};
  if (gzip_) {
    std::size_t done = 0;
    auto ended = compress({}, done, Z_FINISH);
    if (!ended) return ended;
    deflateEnd(gzip_.get());
    gzip_.reset();
    compressed_.clear();
    compressed_done_ = 0;
  }
  ::close(std::exchange(fd_, -1));
  return {};
}

}  // namespace millrace
