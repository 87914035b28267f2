#include "pipeline/queue/dead_letter_marks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <zlib.h>

#include <cstring>
#include <string>

#include "pipeline/queue/file.h"

namespace millrace::dlq {
namespace {

struct StoredMark {
  std::uint64_t offset;
  std::int64_t time;
  std::uint8_t kind;
  std::uint8_t unused[3];
  std::uint32_t checksum;

  std::uint32_t computed() const {
    return static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const unsigned char*>(this), offsetof(StoredMark, checksum)));
  }
};
static_assert(sizeof(StoredMark) == 24, "as it stands on the disk");

Result<std::string> read_whole(const std::filesystem::path& path) {
  auto file = File::open(path, O_RDONLY);
  if (!file) return std::move(file).error();
  const auto size = file->size();
  if (!size) return size.error();
  std::string bytes(*size, '\0');
  const auto read = file->read_at(bytes.data(), bytes.size(), 0);
  if (!read) return read.error();
  bytes.resize(*read);
  return bytes;
}

}  // namespace

std::filesystem::path marks_path(const std::filesystem::path& directory, std::uint64_t segment) {
  return directory / fmt::format("{:010}.marks", segment);
}

Result<Marks> Marks::load(const std::filesystem::path& directory, std::uint64_t segment) {
  const std::filesystem::path path = marks_path(directory, segment);
  Marks marks;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return marks;
  const auto bytes = read_whole(path);
  if (!bytes) return bytes.error();
  for (std::size_t at = 0; at + sizeof(StoredMark) <= bytes->size(); at += sizeof(StoredMark)) {
    StoredMark stored;
    std::memcpy(&stored, bytes->data() + at, sizeof stored);
    if (stored.checksum != stored.computed()) continue;
    Fate& fate = marks.fates_[stored.offset];
    if (stored.kind == static_cast<std::uint8_t>(MarkKind::refused_again)) {
      ++fate.refusals;
    } else if (!std::exchange(fate.done, true)) {
      ++marks.done_;
    }
  }
  return marks;
}

bool Marks::is_done(std::uint64_t offset) const {
  const auto fate = fates_.find(offset);
  return fate != fates_.end() && fate->second.done;
}

std::uint32_t Marks::refusals(std::uint64_t offset) const {
  const auto fate = fates_.find(offset);
  return fate == fates_.end() ? 0 : fate->second.refusals;
}

Result<void> append_marks(const std::filesystem::path& directory, std::uint64_t segment,
                          std::span<const Mark> marks, Timestamp now) {
  auto file = File::open(marks_path(directory, segment), O_WRONLY | O_CREAT | O_APPEND);
  if (!file) return std::move(file).error();
  const auto size = file->size();
  if (!size) return size.error();
  if (*size % sizeof(StoredMark) != 0) {  // a crash left a part of one
    auto cut = file->truncate(*size - *size % sizeof(StoredMark));
    if (!cut) return cut;
  }
  std::string bytes;
  for (const Mark& mark : marks) {
    StoredMark stored{mark.offset, now.ns, static_cast<std::uint8_t>(mark.kind), {}, 0};
    stored.checksum = stored.computed();
    bytes.append(reinterpret_cast<const char*>(&stored), sizeof stored);
  }
  auto written = file->write(bytes);
  if (written) written = file->sync();
  if (written && *size == 0) written = sync_directory(directory);
  return written;
}

}  // namespace millrace::dlq
