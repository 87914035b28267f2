#include "plugins/inputs/file/positions.h"

#include <algorithm>

namespace millrace {
namespace {

/// File systems take their time stamps from a clock that moves in jumps, some even of a second.
constexpr double kClockSlackSeconds = 1;

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

FilePositions::FilePositions(std::filesystem::path store, std::chrono::milliseconds forget_after)
    : store_(std::move(store)), forget_after_(forget_after) {}

Result<void> FilePositions::load() {
  auto content = store_.load();
  if (!content) return std::move(content).error();
  malformed_lines_ = content->damaged.size();
  is_incomplete_ = !content->is_whole;
  last_active_ = content->made;
  changed_ = content->made == 0;  // that this run was here is worth knowing
  const std::lock_guard lock(mutex_);
  for (FileRecord& record : content->records) {
    if (record.active == 0) record.active = now_seconds();
    last_active_ = std::max(last_active_, record.active);
    entries_[record.id].record = std::move(record);
  }
  return {};
}

/// It has changed.
void FilePositions::touch(Entry& entry) {
  if (!std::exchange(entry.recent, true)) recent_.push_back(entry.record.id);
  changed_ = true;
}

/// It is known no longer.
void FilePositions::drop(std::map<FileId, Entry>::iterator entry) {
  if (!entry->second.recent) recent_.push_back(entry->first);
  partitions_.erase(entry->second.partition);
  entries_.erase(entry);
  changed_ = true;
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
  const bool recent = entry.recent;
  entry = {std::move(start), offset, ++last_partition_, true, recent, counts};
  partitions_[entry.partition] = &entry;
  touch(entry);
  return entry.partition;
}

void FilePositions::move(const FileId& from, const FoundFile& to) {
  const std::lock_guard lock(mutex_);
  const auto there = entries_.find(to.id);
  if (there != entries_.end()) drop(there);
  auto entry = entries_.extract(from);
  if (!entry) return;
  Entry& moved = entry.mapped();  // stays where partitions_ knows it
  if (!std::exchange(moved.recent, false)) recent_.push_back(from);
  entry.key() = moved.record.id = to.id;
  moved.record.born_ns = to.born_ns;
  moved.record.path = to.path;
  entries_.insert(std::move(entry));
  touch(moved);
}

std::vector<FileRecord> FilePositions::not_begun() const {
  std::vector<FileRecord> records;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, entry] : entries_)
    if (entry.partition == 0) records.push_back(entry.record);
  return records;
}

bool FilePositions::is_news(const FoundFile& file,
                            std::chrono::milliseconds discovery_interval) const {
  const double since = last_active_ - std::chrono::duration<double>(discovery_interval).count();
  return last_active_ > 0 && static_cast<double>(file.born_ns) / 1e9 > since - kClockSlackSeconds;
}

void FilePositions::describe(const FileId& file, const Head& head, const std::string& source) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(file);
  if (entry == entries_.end()) return;
  entry->second.record.head = head;
  entry->second.record.source = source;
  touch(entry->second);
}

void FilePositions::acknowledged(SourcePosition position) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = partitions_.find(position.partition);
  if (found == partitions_.end()) return;
  Entry& entry = *found->second;
  entry.delivered = std::max(entry.delivered, position.position);
  (entry.counts == Counts::bytes ? entry.record.offset : entry.record.unpacked) = entry.delivered;
  entry.record.active = now_seconds();
  touch(entry);
}

std::uint64_t FilePositions::delivered(const FileId& file) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(file);
  return entry == entries_.end() ? 0 : entry->second.delivered;
}

void FilePositions::complete(const FileId& file, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[file];
  FileRecord& record = entry.record;
  record.id = file;
  record.offset = size;
  record.unpacked = 0;
  record.completed = true;
  record.active = now_seconds();
  touch(entry);
}

void FilePositions::end(const FileId& file) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(file);
  if (entry != entries_.end()) entry->second.watched = false;
}

void FilePositions::forget(const FileId& file) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(file);
  if (entry != entries_.end()) drop(entry);
}

/// What is being read is never old.
void FilePositions::drop_old() {
  const double oldest = now_seconds() - std::chrono::duration<double>(forget_after_).count();
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto entry = at++;
    if (!entry->second.watched && entry->second.record.active < oldest) drop(entry);
  }
}

Result<void> FilePositions::save() {
  std::vector<FileRecord> records;
  {
    const std::lock_guard lock(mutex_);
    drop_old();
    if (!std::exchange(changed_, false)) return {};
    for (auto& [id, entry] : entries_) {
      entry.recent = false;
      records.push_back(entry.record);
    }
    recent_.clear();
  }
  auto replaced = store_.replace(records, now_seconds());
  if (replaced) return replaced;
  const std::lock_guard lock(mutex_);
  changed_ = true;
  return replaced;
}

Result<void> FilePositions::save_recent() {
  std::vector<FileRecord> changed;
  {
    const std::lock_guard lock(mutex_);
    for (const FileId& file : recent_) {
      const auto entry = entries_.find(file);
      if (entry != entries_.end()) entry->second.recent = false;
      changed.push_back(entry == entries_.end() ? FileRecord{.id = file, .gone = true}
                                                : entry->second.record);
    }
    recent_.clear();
  }
  if (changed.empty()) return {};
  auto appended = store_.is_long() ? fail(Errc::limit, "") : store_.append(changed);
  return appended ? appended : save();
}

}  // namespace millrace
