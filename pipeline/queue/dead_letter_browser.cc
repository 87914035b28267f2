#include "pipeline/queue/dead_letter_browser.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::dlq {
namespace {

bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc();
}

bool is_gone(const SegmentFile& file) {
  std::error_code error;
  return !std::filesystem::exists(file.path, error) &&
         !std::filesystem::exists(std::filesystem::path(file.path).replace_extension(".dlq"),
                                  error);
}

/// False: `see` has seen enough.
Result<bool> browse_segment(const SegmentFile& file, const LetterFilter& filter, Browsed& browsed,
                            const std::function<bool(const Letter&)>& see) {
  const auto marks = Marks::load(file.path.parent_path(), file.number);
  if (!marks) return marks.error();
  auto reader = SegmentReader::open(file);
  if (!reader) return std::move(reader).error();
  ++browsed.segments;
  browsed.bytes += file.bytes;
  for (;;) {
    const auto entry = reader->next();
    if (!entry) return entry.error();
    if (!*entry) break;
    const Letter letter{{file.number, (*entry)->offset},
                        (*entry)->record,
                        marks->refusals((*entry)->offset),
                        marks->is_done((*entry)->offset)};
    if (letter.done && !filter.done_too) continue;
    if (filter.id && *filter.id != letter.id) continue;
    if (filter.matches(letter.record) && !see(letter)) return false;
  }
  browsed.damaged_bytes += reader->damaged_bytes();
  if (reader->sealed()) browsed.damaged_bytes += reader->tail_bytes();
  return true;
}

}  // namespace

std::optional<LetterId> LetterId::parse(std::string_view text) {
  LetterId id;
  if (!take_number(text, id.segment) || !text.starts_with(':')) return std::nullopt;
  text.remove_prefix(1);
  if (!take_number(text, id.offset) || !text.empty()) return std::nullopt;
  return id;
}

std::string LetterId::text() const { return fmt::format("{}:{}", segment, offset); }

bool LetterFilter::matches(const Record& record) const {
  return (!since || record.time >= *since) && (!until || record.time < *until) &&
         (!reason || record.code == *reason) &&
         (!component || record.plugin_id == *component || record.plugin_type == *component);
}

Result<Browsed> browse(const std::filesystem::path& directory, const LetterFilter& filter,
                       const std::function<bool(const Letter&)>& see) {
  const auto segments = list_segments(directory);
  if (!segments) return segments.error();
  Browsed browsed;
  for (const SegmentFile& file : *segments) {
    if (filter.id && filter.id->segment != file.number) continue;
    const auto more = browse_segment(file, filter, browsed, see);
    if (!more && is_gone(file)) continue;
    if (!more) return more.error();
    if (!*more) break;
  }
  return browsed;
}

Result<File> lock_for_operator(const std::filesystem::path& directory) {
  auto file = File::open(directory / ".operator", O_RDWR | O_CREAT);
  if (!file) return file;
  if (!file->try_lock())
    return fail(Errc::closed, fmt::format("another `millrace dlq` is replaying or purging {}",
                                          directory.native()));
  return file;
}

Result<std::uint64_t> remove_done_segments(const std::filesystem::path& directory) {
  const auto segments = list_segments(directory);
  if (!segments) return segments.error();
  std::uint64_t freed = 0;
  std::error_code error;
  for (const SegmentFile& file : *segments) {
    if (file.path.extension() != ".dlq") continue;
    const auto marks = Marks::load(directory, file.number);
    if (!marks || marks->done() == 0) continue;
    const auto summary = summarize(file);
    if (!summary || marks->done() < summary->entries) continue;
    if (std::filesystem::remove(file.path, error)) freed += file.bytes;
    std::filesystem::remove(marks_path(directory, file.number), error);
  }
  return freed;
}

std::vector<std::string> list_queues(const std::filesystem::path& base) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entries(base, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    const auto segments = list_segments(entries->path());
    if (segments && !segments->empty()) names.push_back(entries->path().filename().native());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace millrace::dlq
