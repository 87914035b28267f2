#include "plugins/inputs/file/record.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <charconv>

namespace millrace {
namespace {

constexpr std::string_view kSum = " sum=";

/// The next word of `text`, which begins behind it then.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

/// False: it is no such number.
template <typename Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size();
}
bool read_number(std::string_view text, double& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::string escaped(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      out += text[at];
      continue;
    }
    ++at;
    out += text[at] == 'n' ? '\n' : text[at] == 't' ? '\t' : text[at];
  }
  return out;
}

/// One name=value; names of later versions are passed over.
bool read_detail(std::string_view word, FileRecord& record) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = word.substr(0, equals);
  const std::string_view value = word.substr(equals + 1);
  if (name == "unpacked") return read_number(value, record.unpacked);
  if (name == "completed") record.completed = value == "1";
  if (name == "born") return read_number(value, record.born_ns);
  if (name == "source") record.source = value;
  if (name == "gone") record.gone = value == "1";
  if (name == "head") {
    const std::size_t colon = std::min(value.find(':'), value.size() - 1);
    return read_number(value.substr(0, colon), record.head.bytes) &&
           read_number(value.substr(colon + 1), record.head.hash, 16);
  }
  return true;
}

std::uint32_t checksum(std::string_view text) { return XXH32(text.data(), text.size(), 0); }

/// Of a line that is none of ours nobody knows.
bool is_as_written(std::string_view line) {
  if (line.find('\t') == std::string_view::npos) return true;
  const std::size_t at = line.rfind(kSum);
  std::uint32_t sum;
  return at != std::string_view::npos && read_number(line.substr(at + kSum.size()), sum, 16) &&
         sum == checksum(line.substr(0, at));
}

}  // namespace

std::string to_line(const FileRecord& record) {
  const std::string line = fmt::format(
      "{} {} {} {} {:.6f} {}\tunpacked={} completed={:d} gone={:d} born={} head={}:{:x} source={}",
      record.id.inode, record.id.device_major, record.id.device_minor, record.offset, record.active,
      escaped(record.path), record.unpacked, record.completed, record.gone, record.born_ns,
      record.head.bytes, record.head.hash, record.source);
  return fmt::format("{}{}{:x}\n", line, kSum, checksum(line));
}

std::optional<FileRecord> read_record(std::string_view line) {
  if (!is_as_written(line)) return std::nullopt;
  const std::size_t tab = line.find('\t');
  std::string_view text = line.substr(0, tab);
  FileRecord record;
  const bool numbers = read_number(take_word(text), record.id.inode) &&
                       read_number(take_word(text), record.id.device_major) &&
                       read_number(take_word(text), record.id.device_minor) &&
                       read_number(take_word(text), record.offset);
  if (!numbers) return std::nullopt;
  const std::string_view active = take_word(text);
  if (!active.empty() && !read_number(active, record.active)) return std::nullopt;
  if (!text.empty()) text.remove_prefix(1);
  if (tab == std::string_view::npos) {
    record.path = text;
    record.completed = true;
    return record;
  }
  record.path = unescaped(text);
  for (std::string_view details = line.substr(tab + 1); !details.empty();) {
    const std::string_view word = take_word(details);
    if (!word.empty() && !read_detail(word, record)) return std::nullopt;
  }
  return record;
}

}  // namespace millrace
