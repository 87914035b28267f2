#include "pipeline/queue/dead_letter_segment.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::dlq {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{256} << 10;

/// `0000000001.dlq` -> 1; nullopt: not a name that we give.
std::optional<std::uint64_t> number_in(const std::string& name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || *end != '.' || number == 0) return std::nullopt;
  return number;
}

/// nullopt: another file, or one that is gone by now.
std::optional<SegmentFile> segment_at(const std::filesystem::directory_entry& entry) {
  const std::filesystem::path& path = entry.path();
  const bool sealed = path.extension() == ".dlq";
  if (!sealed && path.extension() != ".open") return std::nullopt;
  const auto number = number_in(path.filename().native());
  std::error_code error;
  const std::uint64_t bytes = entry.file_size(error);
  if (!number || error) return std::nullopt;
  return SegmentFile{*number, path, sealed, bytes};
}

}  // namespace

std::filesystem::path sealed_path(const std::filesystem::path& directory, std::uint64_t number) {
  return directory / fmt::format("{:010}.dlq", number);
}

std::filesystem::path open_path(const std::filesystem::path& directory, std::uint64_t number) {
  return directory / fmt::format("{:010}.open", number);
}

Result<std::vector<SegmentFile>> list_segments(const std::filesystem::path& directory) {
  std::vector<SegmentFile> found;
  std::error_code error;
  std::filesystem::directory_iterator entries(directory, error);
  if (error == std::errc::no_such_file_or_directory) return found;
  while (!error && entries != std::filesystem::directory_iterator()) {
    if (auto segment = segment_at(*entries)) found.push_back(std::move(*segment));
    entries.increment(error);
  }
  if (error)
    return fail(Errc::io, fmt::format("cannot list {}: {}", directory.native(), error.message()));
  // One that was renamed meanwhile may have been seen under both names: the sealed one counts.
  std::sort(found.begin(), found.end(), [](const SegmentFile& a, const SegmentFile& b) {
    return a.number != b.number ? a.number < b.number : a.sealed > b.sealed;
  });
  const auto same = [](const SegmentFile& a, const SegmentFile& b) { return a.number == b.number; };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  for (std::size_t i = 0; i + 1 < found.size(); ++i) found[i].sealed = true;
  return found;
}

std::uint64_t last_number(const std::filesystem::path& directory) {
  const auto file = File::open(directory / ".lock", O_RDONLY);
  char text[24] = "";
  const auto read = file ? file->read_at(text, sizeof text - 1, 0) : Result<std::size_t>(0);
  std::uint64_t number = 0;
  std::from_chars(text, text + (read ? *read : 0), number);
  return number;
}

Result<SegmentReader> SegmentReader::open(const SegmentFile& file, std::uint64_t offset) {
  auto opened = File::open(file.path, O_RDONLY);
  bool sealed = file.sealed;
  if (!opened && !sealed) {  // it may have been sealed since it was listed
    std::filesystem::path path = file.path;
    opened = File::open(path.replace_extension(".dlq"), O_RDONLY);
    sealed = true;
  }
  if (!opened) return std::move(opened).error();
  std::string header(kSegmentHeader.size(), '\0');
  const auto read = opened->read_at(header.data(), header.size(), 0);
  if (!read) return read.error();
  header.resize(*read);
  const bool begun = header.size() == kSegmentHeader.size();
  if (header != kSegmentHeader.substr(0, header.size()) || (!begun && sealed))
    return fail(Errc::invalid, fmt::format("{} is not a segment of a dead-letter queue of this "
                                           "version: it does not begin with MILLDLQ and 1",
                                           file.path.native()));
  return SegmentReader(std::move(*opened), sealed,
                       std::max<std::uint64_t>(offset, kSegmentHeader.size()));
}

Result<void> SegmentReader::fill(std::size_t bytes) {
  if (window_.size() - at_ >= bytes) return {};
  window_.erase(0, at_);
  begin_ += at_;
  at_ = 0;
  const auto size = file_.size();
  if (!size) return size.error();
  const std::uint64_t there = *size > begin_ ? *size - begin_ : 0;
  const std::size_t old = window_.size();
  const std::size_t want = std::max(
      old, static_cast<std::size_t>(std::min<std::uint64_t>(there, std::max(bytes, kWindowBytes))));
  window_.resize(want);
  const auto read = file_.read_at(window_.data() + old, want - old, begin_ + old);
  window_.resize(old + (read ? *read : 0));
  return read ? Result<void>() : Result<void>(read.error());
}

/// What is left may be a record that is being written: it is read anew the next time.
std::optional<SegmentReader::Entry> SegmentReader::end() {
  tail_bytes_ = window_.size() - at_;
  window_.resize(at_);
  return std::nullopt;
}

Result<std::optional<SegmentReader::Entry>> SegmentReader::next() {
  for (std::size_t needed = kRecordHeaderBytes;;) {
    auto filled = fill(needed);
    if (!filled) return std::move(filled).error();
    const std::string_view ahead = std::string_view(window_).substr(at_);
    if (ahead.size() < needed) return end();
    const Found found = read_record(ahead);
    switch (found.what) {
      case Found::What::incomplete:
        needed = found.bytes;
        continue;
      case Found::What::lost:
        return end();
      case Found::What::damaged:
        damaged_bytes_ += found.bytes;
        at_ += found.bytes;
        needed = kRecordHeaderBytes;
        continue;
      case Found::What::record:
        break;
    }
    const Entry entry{offset(), offset() + found.bytes, found.record};
    at_ += found.bytes;
    return std::optional<Entry>(entry);
  }
}

Result<SegmentSummary> summarize(const SegmentFile& file) {
  auto reader = SegmentReader::open(file);
  if (!reader) return std::move(reader).error();
  SegmentSummary summary;
  for (;;) {
    auto entry = reader->next();
    if (!entry) return std::move(entry).error();
    if (!*entry) break;
    ++summary.entries;
    summary.newest = std::max(summary.newest, (*entry)->record.time);
  }
  summary.good_bytes = reader->offset();
  return summary;
}

}  // namespace millrace::dlq
