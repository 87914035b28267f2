#include "plugins/inputs/file/positions.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace millrace {
namespace {

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Error failed(const char* what, const std::filesystem::path& path) {
  return fail(Errc::io, fmt::format("cannot {} {}: {}", what, path.native(), std::strerror(errno)));
}

Result<void> write_and_sync(const std::filesystem::path& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return failed("make", path);
  while (!text.empty()) {
    const ssize_t wrote = write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) break;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  Result<void> outcome;
  if (!text.empty() || fsync(fd) != 0) outcome = failed("write", path);
  ::close(fd);
  return outcome;
}

}  // namespace

FilePositions::FilePositions(std::filesystem::path store, std::chrono::milliseconds forget_after)
    : store_(store == "/dev/null" ? "" : std::move(store)), forget_after_(forget_after) {}

Result<void> FilePositions::load() {
  if (store_.empty() || access(store_.c_str(), F_OK) != 0) return {};
  std::ifstream in(store_);
  if (!in) return failed("read", store_);
  const std::lock_guard lock(mutex_);
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    auto record = read_record(line);
    if (!record) {
      ++malformed_lines_;
      continue;
    }
    if (record->active == 0) record->active = now_seconds();
    last_active_ = std::max(last_active_, record->active);
    entries_[record->id].record = std::move(*record);
  }
  return in.bad() ? Result<void>(failed("read", store_)) : Result<void>();
}

std::optional<FileRecord> FilePositions::find(const FoundFile& file) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(file.id);
  if (entry == entries_.end()) return std::nullopt;
  FileRecord& record = entry->second.record;
  const bool is_same = file.born_ns != 0 && record.born_ns != 0
                           ? file.born_ns == record.born_ns
                           : static_cast<double>(file.born_ns) / 1e9 <= record.active;
  if (!is_same) return std::nullopt;
  record.active = now_seconds();
  return record;
}

std::uint64_t FilePositions::begin(FileRecord start, std::uint64_t offset, Counts counts) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[start.id];
  partitions_.erase(entry.partition);
  const bool packed = counts == Counts::unpacked;
  start.offset = packed ? 0 : offset;
  start.unpacked = packed ? offset : 0;
  start.completed = false;
  start.active = now_seconds();
  entry = {std::move(start), offset, ++last_partition_, true, counts};
  partitions_[entry.partition] = &entry;
  changed_ = true;
  return entry.partition;
}

void FilePositions::move(const FileId& from, const FoundFile& to) {
  const std::lock_guard lock(mutex_);
  auto entry = entries_.extract(from);
  if (!entry) return;
  const auto there = entries_.find(to.id);
  if (there != entries_.end()) {
    partitions_.erase(there->second.partition);
    entries_.erase(there);
  }
  entry.key() = entry.mapped().record.id = to.id;
  entry.mapped().record.born_ns = to.born_ns;
  entry.mapped().record.path = to.path;
  entries_.insert(std::move(entry));  // at the address that partitions_ knows
  changed_ = true;
}

std::vector<FileRecord> FilePositions::not_begun() const {
  std::vector<FileRecord> records;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, entry] : entries_)
    if (entry.partition == 0) records.push_back(entry.record);
  return records;
}

bool FilePositions::is_news(const FoundFile& file) const {
  return last_active_ > 0 && static_cast<double>(file.born_ns) / 1e9 > last_active_;
}

void FilePositions::describe(const FileId& file, const Head& head, const std::string& source) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(file);
  if (entry == entries_.end()) return;
  entry->second.record.head = head;
  entry->second.record.source = source;
  changed_ = true;
}

void FilePositions::acknowledged(SourcePosition position) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = partitions_.find(position.partition);
  if (found == partitions_.end()) return;
  Entry& entry = *found->second;
  entry.delivered = std::max(entry.delivered, position.position);
  (entry.counts == Counts::bytes ? entry.record.offset : entry.record.unpacked) = entry.delivered;
  entry.record.active = now_seconds();
  changed_ = true;
}

std::uint64_t FilePositions::delivered(const FileId& file) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(file);
  return entry == entries_.end() ? 0 : entry->second.delivered;
}

void FilePositions::complete(const FileId& file, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  FileRecord& record = entries_[file].record;
  record.id = file;
  record.offset = size;
  record.unpacked = 0;
  record.completed = true;
  record.active = now_seconds();
  changed_ = true;
}

void FilePositions::end(const FileId& file) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(file);
  if (entry != entries_.end()) entry->second.watched = false;
}

void FilePositions::forget(const FileId& file) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(file);
  if (entry == entries_.end()) return;
  partitions_.erase(entry->second.partition);
  entries_.erase(entry);
  changed_ = true;
}

/// What is being read is never old.
void FilePositions::drop_old() {
  const double oldest = now_seconds() - std::chrono::duration<double>(forget_after_).count();
  std::erase_if(entries_, [&](const auto& file) {
    const Entry& entry = file.second;
    if (entry.watched || entry.record.active >= oldest) return false;
    partitions_.erase(entry.partition);
    return true;
  });
}

/// What to write; empty where nothing has changed.
std::string FilePositions::text() {
  std::string out;
  const std::lock_guard lock(mutex_);
  if (!std::exchange(changed_, false)) return out;
  drop_old();
  for (const auto& [id, entry] : entries_) out += to_line(entry.record);
  if (out.empty()) out = "\n";
  return out;
}

Result<void> FilePositions::save() {
  if (store_.empty()) return {};
  const std::string lines = text();
  if (lines.empty()) return {};
  auto outcome = replace(lines);
  if (outcome) return outcome;
  const std::lock_guard lock(mutex_);
  changed_ = true;
  return outcome;
}

Result<void> FilePositions::replace(const std::string& text) const {
  const std::filesystem::path directory = store_.parent_path();
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::filesystem::path fresh = store_.native() + ".new";
  auto written = write_and_sync(fresh, text);
  if (!written) return written;
  if (rename(fresh.c_str(), store_.c_str()) != 0) return failed("replace", store_);
  const int fd =
      open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Result<void> outcome;
  if (fd < 0 || fsync(fd) != 0) outcome = failed("sync", directory);
  if (fd >= 0) ::close(fd);
  return outcome;
}

}  // namespace millrace
