#include "plugins/inputs/file/watched_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace millrace {
namespace {

/// `path` itself where it leads nowhere.
std::string real_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), std::free);
  return real ? real.get() : path;
}

}  // namespace

WatchedFile::WatchedFile(const FoundFile& found, const FileSource& source, std::uint64_t offset,
                         FilePositions::Counts counts, const FileRecord* known)
    : path_(real_path(found.path)),
      found_path_(found.path),
      id_(found.id),
      born_ns_(found.born_ns),
      source_(source),
      counts_(counts),
      head_(known ? known->head : Head{}),
      name_(known ? known->source : ""),
      partition_(source.positions.begin(description(), offset, counts)),
      offset_(offset),
      covered_(offset),
      emitted_(offset) {}

FileRecord WatchedFile::description() const {
  return {.id = id_, .born_ns = born_ns_, .head = head_, .source = name_, .path = path_};
}

Error WatchedFile::failed(const char* what) const {
  const bool too_many = errno == EMFILE || errno == ENFILE;
  const Errc code = errno == ENOENT ? Errc::not_found : too_many ? Errc::limit : Errc::io;
  return fail(code, fmt::format("cannot {} {}: {}", what, path_, std::strerror(errno)));
}

Result<void> WatchedFile::open() {
  if (is_open()) return {};
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd_ < 0) return failed("open");
  struct stat found {};
  if (!about(found) || FileId::of(found) != id_ || !S_ISREG(found.st_mode)) {
    close();
    return fail(Errc::not_found, path_ + " is another file by now");
  }
  if (counts_ == FilePositions::Counts::unpacked) {
    gzip_ = gzdopen(fd_, "rb");
    if (!gzip_) return close(), fail(Errc::io, "no memory to unpack " + path_);
    gzbuffer(gzip_, 64 * 1024);
  } else {
    posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  if (!decoder_) decoder_ = source_.codec->stream_decoder();
  const bool there = gzip_ ? gzseek(gzip_, static_cast<z_off_t>(offset_), SEEK_SET) >= 0
                           : lseek(fd_, static_cast<off_t>(offset_), SEEK_SET) >= 0;
  if (there) return {};
  close();
  return fail(Errc::io, "cannot go to byte " + std::to_string(offset_) + " of " + path_);
}

/// Learns the beginning as far as it is there by now, and once the name of the content: where it
/// is, since when, and its first line.
bool WatchedFile::is_same_content() {
  const std::string content = read_head(fd_);
  if (!head_.begins(content)) return false;
  if (head_.bytes == content.size() && !name_.empty()) return true;
  head_ = Head::of(content);
  if (name_.empty())
    name_ = content_name(
        Head::of(std::string_view(content).substr(0, content.find(source_.framing.delimiter))));
  source_.positions.describe(id_, head_, name_);
  return true;
}

/// `distinction`: from other contents that the file had or will have.
std::string WatchedFile::content_name(const Head& distinction) const {
  return fmt::format("{}.{}-{}-{:x}-{:x}", id_.device_major, id_.device_minor, id_.inode, born_ns_,
                     distinction.hash);
}

void WatchedFile::close() {
  if (gzip_)
    gzclose(gzip_);  // the descriptor too
  else if (fd_ >= 0)
    ::close(fd_);
  gzip_ = nullptr;
  fd_ = -1;
  if (framer_) offset_ = framer_->position_of(framer_->messages().size());
  framer_.reset();
  if (decoder_ && decoder_->held_messages() == 0) decoder_.reset();
}

ssize_t WatchedFile::read_some(std::span<char> room) {
  if (gzip_) return gzread(gzip_, room.data(), static_cast<unsigned>(room.size()));
  ssize_t got;
  do got = ::read(fd_, room.data(), room.size());
  while (got < 0 && errno == EINTR);
  return got;
}

Result<WatchedFile::Outcome> WatchedFile::read(Emitter& emitter) {
  if (!framer_) framer_.emplace(source_.framing, offset_);
  const ssize_t got = read_some(framer_->room());
  if (got < 0 && gzip_) {
    int code;
    return fail(Errc::io, fmt::format("cannot unpack {}: {}", path_, gzerror(gzip_, &code)));
  }
  if (got < 0) return failed("read");
  // After the read, so that what came before the cut is whole.
  if (!is_same_content()) return Outcome::cut;
  if (got == 0) {
    int code = Z_OK;
    if (gzip_ && (gzerror(gzip_, &code), code == Z_BUF_ERROR))
      return fail(Errc::io, path_ + " ends in the middle of its compressed data");
    if (framer_->unfinished() == 0) framer_.reset();  // idle files hold no memory
    return Outcome::end;
  }
  active_ = Clock::now();
  offset_ += static_cast<std::uint64_t>(got);
  framer_->commit(static_cast<std::size_t>(got));
  return emit_messages(emitter) ? Outcome::more : Outcome::stopped;
}

bool WatchedFile::emit_messages(Emitter& emitter) {
  const std::size_t count = framer_->messages().size();
  for (std::size_t first = 0; first < count;) {
    const std::size_t some = std::min<std::size_t>(count - first, emitter.batch_size());
    auto batch = Batch::make();
    decode(first, some, *batch);
    first += some;
    const std::size_t held = decoder_->held_messages();
    if (held <= first) covered_ = framer_->position_of(first - held);
    if (!emit(std::move(batch), emitter)) return false;
  }
  return true;
}

/// With ids message by message, so that it is known which events come of which.
void WatchedFile::decode(std::size_t first, std::size_t count, Batch& out) {
  if (!source_.ids) return framer_->decode(first, count, *decoder_, out);
  for (std::size_t at = first; at < first + count; ++at) {
    if (decoder_->held_messages() == 0) begun_ = framer_->position_of(at);
    const std::uint32_t before = out.size();
    framer_->decode(at, 1, *decoder_, out);
    if (out.size() == before) continue;
    give_ids(out, before);
    const std::size_t held = decoder_->held_messages();
    if (held > 0 && held <= at + 1) begun_ = framer_->position_of(at + 1 - held);
  }
}

void WatchedFile::give_ids(Batch& batch, std::uint32_t first) const {
  if (!source_.ids) return;
  for (std::uint32_t at = first; at < batch.size(); ++at)
    source_.ids->put(batch[at], name_, begun_, at - first);
}

bool WatchedFile::emit(Batch::Ptr batch, Emitter& emitter) {
  if (batch->empty() && covered_ == emitted_) return true;
  emitted_ = covered_;
  if (!batch->empty())
    source_.fields.put_into(*batch,
                            std::array<std::string_view, 2>{found_path_, source_.host_name});
  return emitter.emit(std::move(batch), {partition_, covered_});
}

bool WatchedFile::flush(Emitter& emitter) {
  auto batch = Batch::make();
  if (decoder_) decoder_->flush(*batch);  // none: nothing was read yet
  give_ids(*batch, 0);
  covered_ = framer_ ? framer_->position_of(framer_->messages().size()) : offset_;
  return emit(std::move(batch), emitter);
}

bool WatchedFile::finish(Emitter& emitter) {
  if (framer_) {
    framer_->finish();
    if (!emit_messages(emitter)) return false;
  }
  if (!flush(emitter)) return false;
  framer_.reset();
  return true;
}

bool WatchedFile::flush_if_quiet(Emitter& emitter) {
  if (!decoder_ || decoder_->held_messages() == 0) return true;
  const auto wait = decoder_->auto_flush();
  if (!wait || quiet_for() < *wait) return true;
  return flush(emitter);
}

bool WatchedFile::locate(struct stat& about) {
  const auto is_here = [&] { return stat(path_.c_str(), &about) == 0 && FileId::of(about) == id_; };
  if (is_here()) return true;
  auto moved = find_in_directory(directory_of(path_), id_);
  if (!moved) return false;
  path_ = std::move(*moved);
  return is_here();
}

FileRecord WatchedFile::successor() const {
  FileRecord next = description();
  next.head = {};
  if (!name_.empty()) next.source = content_name(Head::of(name_));
  return next;
}

void WatchedFile::restart() {
  close();
  decoder_.reset();
  offset_ = covered_ = emitted_ = 0;
  const FileRecord next = successor();
  head_ = next.head;
  name_ = next.source;
  partition_ = source_.positions.begin(next, 0, counts_);
}

void WatchedFile::go_on_in(const FoundFile& copy) {
  close();
  source_.positions.move(id_, copy);
  id_ = copy.id;
  born_ns_ = copy.born_ns;
  path_ = copy.path;
}

void WatchedFile::found_at(const std::string& path) {
  if (path == found_path_) return;
  found_path_ = path;
  path_ = real_path(path);
}

bool is_whole_archive(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  if (!file) return false;
  std::vector<char> room(64 * 1024);
  int got;
  do got = gzread(file, room.data(), static_cast<unsigned>(room.size()));
  while (got > 0);
  return gzclose(file) == Z_OK && got == 0;  // Z_BUF_ERROR: it ends too early
}

}  // namespace millrace
