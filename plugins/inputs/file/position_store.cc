#include "plugins/inputs/file/position_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

namespace millrace {
namespace {

Error failed(const char* what, const std::filesystem::path& path) {
  return fail(Errc::io, fmt::format("cannot {} {}: {}", what, path.native(), std::strerror(errno)));
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

Result<void> write_and_sync(const std::filesystem::path& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return failed("make", path);
  Result<void> outcome;
  if (!write_all(fd, text) || fsync(fd) != 0) outcome = failed("write", path);
  close(fd);
  return outcome;
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  const int fd =
      open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Result<void> outcome;
  if (fd < 0 || fsync(fd) != 0) outcome = failed("sync", directory);
  if (fd >= 0) close(fd);
  return outcome;
}

/// "" where it is not there.
Result<std::string> read_all(const std::filesystem::path& path) {
  if (access(path.c_str(), F_OK) != 0) return std::string();
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) return failed("read", path);
  return text;
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

/// What a line of `# ID`, or `# ID COUNT SECONDS`, says.
struct Heading {
  std::uint64_t id = 0;  // 0: it is no such line
  std::uint64_t count = 0;
  double made = 0;
};

Heading read_heading(std::string_view line) {
  Heading heading;
  if (!line.starts_with("# ")) return {};
  const char* const end = line.data() + line.size();
  auto at = std::from_chars(line.data() + 2, end, heading.id, 16);
  if (at.ec != std::errc()) return {};
  if (at.ptr != end) at = std::from_chars(at.ptr + 1, end, heading.count);
  if (at.ec == std::errc() && at.ptr != end) std::from_chars(at.ptr + 1, end, heading.made);
  return heading;
}

/// Not a number that is counted up: a store that was deleted must not match what it left behind.
std::uint64_t new_id() {
  std::uint64_t id = 0;
  if (getrandom(&id, sizeof id, 0) != sizeof id)
    id = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  return id | 1;
}

}  // namespace

PositionStore::PositionStore(std::filesystem::path path)
    : path_(path == "/dev/null" ? "" : std::move(path)),
      old_path_(path_.native() + ".old"),
      recent_path_(path_.native() + ".recent") {}

Result<PositionStore::Content> PositionStore::load() {
  if (path_.empty()) return Content();
  auto snapshot = read_all(path_);
  if (!snapshot) return std::move(snapshot).error();
  Content out = read_snapshot(*snapshot, snapshot_);
  if (!out.is_whole) load_old(out);
  if (snapshot_ == 0) return out;
  auto recent = read_all(recent_path_);
  if (!recent) return std::move(recent).error();
  load_recent(*recent, out);
  snapshot_ = 0;  // begun anew, so that nothing is appended behind a torn line
  return out;
}

PositionStore::Content PositionStore::read_snapshot(std::string_view text, std::uint64_t& id) {
  Content out;
  std::uint64_t count = 0;
  bool is_ours = false;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    is_ours = is_ours || line.find('\t') != std::string_view::npos;
    if (line.empty()) continue;
    if (line.starts_with('#')) {
      const Heading heading = read_heading(line);
      id = heading.id;
      count = heading.count;
      out.made = heading.made;
      continue;
    }
    auto record = read_record(line);
    if (record)
      out.records.push_back(std::move(*record));
    else
      out.damaged.emplace_back(line);
  }
  out.is_whole = id == 0 ? !is_ours : count == out.records.size();
  return out;
}

/// Of files of which the snapshot has nothing. What was delivered since is read again.
void PositionStore::load_old(Content& out) const {
  auto text = read_all(old_path_);
  if (!text) return;
  std::uint64_t id = 0;
  std::set<FileId> known;
  for (const FileRecord& record : out.records) known.insert(record.id);
  for (FileRecord& record : read_snapshot(*text, id).records)
    if (!known.contains(record.id)) out.records.push_back(std::move(record));
}

void PositionStore::load_recent(std::string_view text, Content& out) const {
  if (read_heading(take_line(text)).id != snapshot_) return;  // of another snapshot
  std::map<FileId, FileRecord> latest;
  for (FileRecord& record : out.records) latest.emplace(record.id, std::move(record));
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    auto record = read_record(line);
    const bool is_ours = line.find('\t') != std::string_view::npos;
    if (!record || !is_ours) break;  // the process ended in the middle of it
    if (record->gone)
      latest.erase(record->id);
    else
      latest.insert_or_assign(record->id, std::move(*record));
  }
  out.records.clear();
  for (auto& [id, record] : latest) out.records.push_back(std::move(record));
}

Result<void> PositionStore::replace(std::span<const FileRecord> records, double now) {
  if (path_.empty()) return {};
  const std::uint64_t id = new_id();
  std::string text;
  for (const FileRecord& record : records) text += to_line(record);
  text += fmt::format("# {:x} {} {:.3f}\n", id, records.size(), now);
  std::error_code error;
  std::filesystem::create_directories(path_.parent_path(), error);
  const std::filesystem::path fresh = path_.native() + ".new";
  auto written = write_and_sync(fresh, text);
  if (!written) return written;
  unlink(old_path_.c_str());
  (void)!link(path_.c_str(), old_path_.c_str());  // where links cannot be made there is one slot
  if (rename(fresh.c_str(), path_.c_str()) != 0) return failed("replace", path_);
  end_recent();
  unlink(recent_path_.c_str());
  auto synced = sync_directory(path_.parent_path());
  if (synced) snapshot_ = id;
  return synced;
}

Result<void> PositionStore::append(std::span<const FileRecord> changed) {
  if (path_.empty() || changed.empty()) return {};
  if (snapshot_ == 0) return fail(Errc::io, "there is no snapshot to append to");
  std::string text;
  if (recent_ < 0) {
    recent_ = open(recent_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    text = fmt::format("# {:x}\n", snapshot_);
  }
  for (const FileRecord& record : changed) text += to_line(record);
  Result<void> outcome;
  if (recent_ < 0 || !write_all(recent_, text)) outcome = failed("write", recent_path_);
  recent_bytes_ += text.size();
  if (!outcome) snapshot_ = 0;  // what comes behind a torn line would not be read
  return outcome;
}

void PositionStore::end_recent() {
  if (recent_ >= 0) close(recent_);
  recent_ = -1;
  recent_bytes_ = 0;
  snapshot_ = 0;
}

}  // namespace millrace
