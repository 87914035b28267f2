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
    : path_(std::move(path)), settings_(settings), used_(Clock::now()) {
  if (settings_.gzip) member_ = std::make_unique<GzipMember>();
}

FileWriter::~FileWriter() {
  if (fd_ >= 0) ::close(fd_);
}

Error FileWriter::failed(const char* what) const { return file_error(what, path_); }

int FileWriter::open_descriptor() const {
  struct stat about {};
  const bool special = stat(path_.c_str(), &about) == 0 && !S_ISREG(about.st_mode);
  const int truncate = settings_.overwrite && !opened_before_ ? O_TRUNC : 0;
  const int flags = O_CREAT | O_APPEND | O_CLOEXEC | truncate;
  const auto open_as = [&](int access) { return ::open(path_.c_str(), access | flags, 0666); };
  if (special) {  // a named pipe that nobody reads must not hang here: it is tried again
    const int fd = open_as(O_WRONLY | O_NONBLOCK);
    if (fd >= 0) fcntl(fd, F_SETFL, O_APPEND);
    return fd;
  }
  const int fd = open_as(O_RDWR);
  return fd < 0 && errno == EACCES ? open_as(O_WRONLY) : fd;
}

Result<void> FileWriter::open() {
  if (!make_parents(path_, settings_.dir_mode)) return failed("make the directory of");
  fd_ = open_descriptor();
  if (fd_ < 0) return failed("open");
  struct stat about {};
  fstat(fd_, &about);
  regular_ = S_ISREG(about.st_mode);
  if (regular_) {
    if (settings_.file_mode >= 0) fchmod(fd_, static_cast<mode_t>(settings_.file_mode));
    auto shared = share();
    if (!shared) {
      ::close(std::exchange(fd_, -1));
      return shared;
    }
    fstat(fd_, &about);
  }
  size_ = static_cast<std::uint64_t>(about.st_size);
  opened_before_ = true;
  gone_ = false;
  opened_at_ = checked_ = Clock::now();
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
  if (!readable || size == 0) return {};
  return member_ ? mend_members(size) : mend_events(size);
}

Result<void> FileWriter::mend_members(std::uint64_t size) {
  const auto whole = end_of_last_member(fd_, size);
  if (!whole) return Error(whole.error()).at(path_);
  return *whole == size ? Result<void>() : set_aside(*whole, size, "");
}

Result<void> FileWriter::mend_events(std::uint64_t size) {
  if (settings_.ending.empty()) return {};
  const auto whole = end_of_last_event(fd_, size, settings_.ending);
  if (!whole) return Error(whole.error()).at(path_);
  if (*whole == size) return {};
  const auto aside = *whole ? set_aside(**whole, size, settings_.ending)
                            : fail(Errc::limit, "where that event begins is too far back");
  if (aside) return aside;
  log::warn(settings_.component,
            "{} ends in the middle of an event, left by a crash or a full disk, which stays there: "
            "{}; the next event begins behind an ending",
            path_, aside.error().message);
  std::size_t done = 0;
  return put(settings_.ending, done);
}

Result<void> FileWriter::set_aside(std::uint64_t whole, std::uint64_t size,
                                   std::string_view ending) {
  const std::string torn = path_ + ".torn";
  auto moved = append_tail(fd_, whole, size, ending, torn);
  if (!moved) return moved;
  if (ftruncate(fd_, static_cast<off_t>(whole)) != 0) return failed("cut the torn end off");
  log::warn(
      settings_.component,
      "{} ended in the middle of {}, left by a crash or a full disk: its last {} bytes are in "
      "{} now",
      path_, member_ ? "a gzip member" : "an event", size - whole, torn);
  return {};
}

bool FileWriter::is_gone(std::chrono::milliseconds age) {
  if (fd_ < 0 || Clock::now() - checked_ < age) return gone_;
  checked_ = Clock::now();
  struct stat ours {};
  struct stat named {};
  gone_ = fstat(fd_, &ours) != 0 || stat(path_.c_str(), &named) != 0 ||
          ours.st_ino != named.st_ino || ours.st_dev != named.st_dev;
  return gone_;
}

/// Between two writes, never in the middle of one.
Result<void> FileWriter::make_ready() {
  if (member_ && member_->finished()) {
    auto synced = sync_to(*this);
    if (!synced) return synced;
  }
  auto opened = open_if_gone(std::chrono::seconds(1));
  return opened ? rotate_if_due() : std::move(opened);
}

Result<void> FileWriter::open_if_gone(std::chrono::milliseconds age) {
  if (fd_ >= 0 && is_gone(age)) ::close(std::exchange(fd_, -1));
  return fd_ < 0 ? open() : Result<void>();
}

Result<void> FileWriter::rotate_if_due() {
  const std::uint64_t size = size_ + (member_ ? member_->size() : 0);
  const bool full = settings_.rotate_size != 0 && size >= settings_.rotate_size;
  const bool old = settings_.rotate_interval.count() != 0 &&
                   Clock::now() - opened_at_ >= settings_.rotate_interval;
  return regular_ && size != 0 && (full || old) ? rotate() : Result<void>();
}

/// path.1 is the youngest of the old ones. Those below the first number that is free move up; only
/// where none is free does the oldest go. So nothing goes when this is tried again after an error.
Result<void> FileWriter::rotate() {
  auto synced = sync_to(*this);
  if (!synced) return synced;
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  const auto numbered = [&](int n) { return path_ + "." + std::to_string(n); };
  int to = 1;
  while (to < settings_.rotate_keep && access(numbered(to).c_str(), F_OK) == 0) ++to;
  for (; to > 1; --to)
    if (rename(numbered(to - 1).c_str(), numbered(to).c_str()) != 0) return failed("rotate");
  const bool moved = settings_.rotate_keep > 0 ? rename(path_.c_str(), numbered(1).c_str()) == 0
                                               : unlink(path_.c_str()) == 0;
  if (!moved && errno != ENOENT) return failed("rotate");
  return open();
}

Result<void> FileWriter::write(std::string_view bytes, std::size_t& done) {
  used_ = Clock::now();
  if (done == 0) {
    auto ready = make_ready();
    if (!ready) return ready;
  }
  if (!member_) return put(bytes, done);
  member_->append(bytes);
  done = bytes.size();
  return {};
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

Result<void> FileWriter::sync_to(FileWriter& file) {
  if (!member_ || member_->empty()) return {};
  if (member_done_ == 0) {
    auto opened = file.open_if_gone({});
    if (!opened) return opened;
  }
  auto written = file.put(member_->finish(), member_done_);
  if (!written) return written;
  member_->clear();
  member_done_ = 0;
  return {};
}

}  // namespace millrace
