#include "plugins/outputs/file_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "pipeline/observe/log.h"
#include "plugins/outputs/torn_end.h"

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

int FileWriter::open_descriptor() const {
  struct stat about {};
  const bool special = stat(path_.c_str(), &about) == 0 && !S_ISREG(about.st_mode);
  const int truncate = settings_.overwrite && !opened_before_ ? O_TRUNC : 0;
  const int flags = O_CREAT | O_APPEND | O_CLOEXEC | truncate;
  int fd = -1;
  if (!special) fd = ::open(path_.c_str(), O_RDWR | flags, 0666);
  if (special || (fd < 0 && errno == EACCES)) fd = ::open(path_.c_str(), O_WRONLY | flags, 0666);
  return fd;
}

Result<void> FileWriter::open() {
  if (!make_parents(path_, settings_.dir_mode)) return failed("make the directory of");
  fd_ = open_descriptor();
  if (fd_ < 0) return failed("open");
  if (settings_.file_mode >= 0) fchmod(fd_, static_cast<mode_t>(settings_.file_mode));
  auto shared = share();
  if (!shared) {
    ::close(std::exchange(fd_, -1));
    return shared;
  }
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

/// Joins those who write to the file; the first of them mends it.
Result<void> FileWriter::share() {
  if (flock(fd_, LOCK_EX | LOCK_NB) == 0) {
    auto mended = mend();
    if (!mended) return mended;
  } else if (errno != EWOULDBLOCK) {
    return {};  // no locks on this file system: what is there is left as it is
  }
  // Another one may mend now, or may have written since: then nothing is torn.
  return flock(fd_, LOCK_SH | LOCK_NB) == 0 ? Result<void>() : failed("share");
}

Result<void> FileWriter::mend() {
  struct stat about {};
  if (fstat(fd_, &about) != 0) return failed("look at");
  const bool readable = (fcntl(fd_, F_GETFL) & O_ACCMODE) == O_RDWR;
  const auto size = static_cast<std::uint64_t>(about.st_size);
  if (!S_ISREG(about.st_mode) || !readable || size == 0 || settings_.ending.empty()) return {};
  const auto whole = end_of_last_event(fd_, size, settings_.ending);
  if (!whole) return Error(whole.error()).at(path_);
  if (*whole == size) return {};
  const auto aside = *whole ? set_aside(**whole, size)
                            : fail(Errc::limit, "where that event begins is too far back");
  if (aside) return aside;
  log::warn(settings_.component,
            "{} ends in the middle of an event, left by a crash or a full disk, which stays there: "
            "{}; the next event begins behind an ending",
            path_, aside.error().message);
  std::size_t done = 0;
  return put(settings_.ending, done);
}

Result<void> FileWriter::set_aside(std::uint64_t whole, std::uint64_t size) {
  const std::string torn = path_ + ".torn";
  auto moved = append_tail(fd_, whole, size, settings_.ending, torn);
  if (!moved) return std::move(moved).error().at(torn);
  if (ftruncate(fd_, static_cast<off_t>(whole)) != 0) return failed("cut the torn end off");
  log::warn(settings_.component,
            "{} ended in the middle of an event, left by a crash or a full disk: its last {} bytes "
            "are in {} now",
            path_, size - whole, torn);
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
