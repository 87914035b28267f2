#include "plugins/tools/grok_show.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "pipeline/event/json_write.h"

namespace millrace {
namespace {

constexpr std::array kColors{"36", "33", "32", "35", "34", "31"};
constexpr const char* kBold = "1;31";
constexpr std::size_t kMostPainted = 1 << 16;  // bytes of a line
constexpr std::size_t kBefore = 60, kBehind = 40;

std::string painted(const std::string& text, const char* code, bool color) {
  return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

/// Nothing that a terminal obeys.
std::string readable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = c == '\t' ? ' ' : '.';
  return shown;
}

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += begins_character(c) ? 1 : 0;
  return count;
}

/// The line with each part in the colour of the innermost capture that took it.
std::string painted_line(std::string_view line, std::span<const grok::Span> spans) {
  const std::size_t size = std::min(line.size(), kMostPainted);
  std::vector<std::uint16_t> owner(size, 0);  // a capture's number from one on
  for (std::size_t i = 0; i < spans.size(); ++i)
    for (std::int64_t at = std::max<std::int64_t>(spans[i].begin, 0);
         at < std::min(spans[i].end, static_cast<std::int64_t>(size)); ++at)
      owner[static_cast<std::size_t>(at)] = static_cast<std::uint16_t>(i + 1);
  std::string out;
  for (std::size_t begin = 0, end = 0; begin < size; begin = end) {
    while (end < size && owner[end] == owner[begin]) ++end;
    const std::string part = readable(line.substr(begin, end - begin));
    out += owner[begin] == 0 ? part
                             : painted(part, kColors[(owner[begin] - 1u) % kColors.size()], true);
  }
  return out + readable(line.substr(size));
}

std::string value_of(std::string_view text, grok::CaptureType type) {
  Buffer value;
  write_json_string(text, value);
  const std::string shown(value.view());
  return type == grok::CaptureType::integer ? shown + " (int)"
         : type == grok::CaptureType::real  ? shown + " (float)"
                                            : shown;
}

}  // namespace

std::string show_match(std::string_view line, const grok::Pattern& pattern,
                       std::span<const grok::Span> spans, bool color) {
  std::string out = "match:  " + (color ? painted_line(line, spans) : readable(line)) + "\n";
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (spans[i].begin < 0) continue;
    const grok::Capture& capture = pattern.captures()[i];
    const auto begin = static_cast<std::size_t>(spans[i].begin);
    const auto end = static_cast<std::size_t>(spans[i].end);
    out += "  " +
           painted(fmt::format("{:<36}", capture.field), kColors[i % kColors.size()], color) +
           fmt::format(" {:>9}  {}\n", fmt::format("{}-{}", begin, end),
                       value_of(line.substr(begin, end - begin), capture.type));
  }
  return out;
}

std::string show_place(std::string_view text, std::size_t offset, bool color) {
  std::size_t begin = offset > kBefore ? offset - kBefore : 0;
  while (begin < offset && !begins_character(text[begin])) ++begin;
  std::size_t end = std::min(text.size(), offset + kBehind);
  while (end < text.size() && !begins_character(text[end])) ++end;
  const std::string before = readable(text.substr(begin, offset - begin));
  return "    " + painted(before, kColors[2], color) + readable(text.substr(offset, end - offset)) +
         "\n    " + std::string(columns(before), ' ') + painted("^", kBold, color) + "\n";
}

std::string show_stop(std::string_view line, const grok::Pattern::Stop& stop,
                      const std::string& expression, bool color) {
  std::string out = "  it matches up to here:\n" + show_place(line, stop.at, color);
  if (!stop.where.empty())
    out += "  where " + stop.where + " wants something else:\n" +
           show_place(stop.text, stop.offset, color);
  return out + "  in this part of the pattern:\n" +
         show_place(expression, stop.expression_offset, color);
}

}  // namespace millrace
