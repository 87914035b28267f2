#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

#include "pipeline/event/date_parser.h"
#include "pipeline/event/time_format.h"

/// The input's first line is a pattern, the second a time zone, the rest a text to read. What can
/// be read is printed in each syntax, and what the ISO 8601 writer prints reads back as the same
/// time.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto next_line = [&rest] {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() == rest.size() ? line.size() : line.size() + 1);
    return line;
  };
  const std::string_view pattern = next_line();
  const auto zone = find_zone(next_line());
  const DateContext context{zone ? *zone : Zone(), Timestamp{1'466'000'000'000'000'000}};

  Timestamp time;
  if (const auto parser = DateParser::compile(pattern, "fr"))
    time = parser->parse(rest, context).value_or(time);
  if (const auto iso = parse_iso8601(rest, context.zone)) time = *iso;

  char iso[kIso8601Bytes];
  const std::size_t length = write_iso8601(time, iso);
  assert(length <= sizeof iso);
  const auto again = parse_iso8601(std::string_view(iso, length), Zone());
  assert(again == time);

  for (const auto compile : {TimeFormat::joda, TimeFormat::java}) {
    const auto format = compile(pattern);
    if (!format) continue;
    std::string text(format->max_bytes(), '\0');
    assert(format->write(time, text.data()) <= text.data() + text.size());
  }
  return 0;
}
