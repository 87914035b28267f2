#include "pipeline/event/date_parser.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "pipeline/event/civil_time.h"
#include "pipeline/event/digits.h"
#include "pipeline/event/joda_iso8601.h"
#include "pipeline/event/joda_parser.h"

namespace millrace {

namespace {

/// A decimal number scaled by 1000, what is below cut off (towards zero, as Java does). nullopt:
/// not a number, or too large.
std::optional<std::int64_t> read_thousandths(std::string_view text) {
  constexpr int kMaxDigits = 16;  // with three more, still within 64 bits
  TextCursor in(text);
  const bool negative = in.take('-');
  if (!negative) in.take('+');
  std::int64_t whole = 0;
  const int digits = in.digits(kMaxDigits - 1, whole);
  std::int64_t fraction = 0;
  int fraction_digits = 0;
  if (in.take('.')) {
    for (fraction_digits = in.digits(3, fraction); fraction_digits > 0 && is_digit(in.peek());)
      in.skip(1);
    for (int i = fraction_digits; i < 3; ++i) fraction *= 10;
  }
  if (digits + fraction_digits == 0 || !in.done()) return std::nullopt;
  const std::int64_t value = whole * 1000 + fraction;
  return negative ? -value : value;
}

/// UNIX: seconds, with a fraction or without. Values past 2^31-1 are refused, so that `UNIX_MS` can
/// be tried next.
std::optional<Timestamp> parse_unix_seconds(std::string_view text) {
  const auto ms = read_thousandths(text);
  if (!ms || *ms / 1000 > INT32_MAX) return std::nullopt;
  return timestamp_from_millis(*ms);
}

/// UNIX_MS: whole milliseconds.
std::optional<Timestamp> parse_unix_millis(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with('+')) return std::nullopt;
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return timestamp_from_millis(ms);
}

/// TAI64N (https://cr.yp.to/libtai/tai64.html): 16 hex digits of seconds, where 2^62 is 1970 in
/// TAI, and 8 of nanoseconds. The ten seconds by which TAI was ahead in 1970 are taken off; later
/// leap seconds are not, as everywhere in logging.
std::optional<Timestamp> parse_tai64n(std::string_view text) {
  constexpr std::uint64_t kEpochLabel = std::uint64_t{1} << 62;
  constexpr std::int64_t kTaiAhead = 10;
  if (text.starts_with('@')) text.remove_prefix(1);
  if (text.size() != 24) return std::nullopt;
  std::uint64_t label = 0;
  std::uint32_t ns = 0;
  const char* middle = text.data() + 16;
  const char* end = text.data() + 24;
  if (std::from_chars(text.data(), middle, label, 16).ptr != middle ||
      std::from_chars(middle, end, ns, 16).ptr != end)
    return std::nullopt;
  if (label > 2 * kEpochLabel || ns >= civil::kNanosPerSecond) return std::nullopt;
  return timestamp_from_seconds(static_cast<std::int64_t>(label - kEpochLabel) - kTaiAhead, ns);
}

std::optional<Timestamp> to_millis(std::optional<Timestamp> time) {
  if (time) time = floor_to_millis(*time);
  return time;
}

constexpr std::string_view kFixedFormats[] = {"ISO8601", "UNIX", "UNIX_MS", "TAI64N"};

bool same_but_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

/// Adds "did you mean" to the error of a pattern that is one of the fixed names in another case.
Error with_suggestion(Error error, std::string_view pattern) {
  for (const std::string_view name : kFixedFormats)
    if (same_but_case(name, pattern))
      error.message += "; did you mean \"" + std::string(name) + "\"?";
  return error;
}

}  // namespace

Result<DateParser> DateParser::compile(std::string_view pattern, std::string_view locale) {
  const TimeNames* names = locale.empty() ? &english_names() : find_names(locale);
  if (names == nullptr)
    return fail(Errc::unsupported, "no month names for the locale '" + std::string(locale) +
                                       "'; known languages are " + known_languages());
  if (pattern == "ISO8601") return DateParser(Kind::iso8601);
  if (pattern == "UNIX") return DateParser(Kind::unix_seconds);
  if (pattern == "UNIX_MS") return DateParser(Kind::unix_millis);
  if (pattern == "TAI64N") return DateParser(Kind::tai64n);
  auto joda = JodaParser::compile(pattern, *names);
  if (!joda) return with_suggestion(std::move(joda).error(), pattern);
  return DateParser(Kind::joda, std::make_shared<const JodaParser>(*std::move(joda)));
}

std::optional<Timestamp> DateParser::parse(std::string_view text,
                                           const DateContext& context) const {
  switch (kind_) {
    case Kind::iso8601:
      return to_millis(parse_joda_iso8601(text, context.zone));
    case Kind::unix_seconds:
      return parse_unix_seconds(text);
    case Kind::unix_millis:
      return parse_unix_millis(text);
    case Kind::tai64n:
      return to_millis(parse_tai64n(text));
    case Kind::joda:
      break;
  }
  return joda_->parse(text, context);
}

std::optional<Timestamp> DateParser::parse(std::int64_t number, const DateContext& context) const {
  char text[24];
  const char* end = std::to_chars(text, text + sizeof text, number).ptr;
  return parse(std::string_view(text, static_cast<std::size_t>(end - text)), context);
}

std::optional<Timestamp> DateParser::parse(double number, const DateContext& context) const {
  constexpr double kLargest = 1e18;  // no time is that large, in any unit
  if (!(std::abs(number) < kLargest)) return std::nullopt;
  if (kind_ == Kind::unix_millis) return parse(static_cast<std::int64_t>(number), context);
  char text[400];
  // Fixed notation of the shortest digits that mean this number: what was written is what counts.
  const auto [end, error] =
      std::to_chars(text, text + sizeof text, number, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  return parse(std::string_view(text, static_cast<std::size_t>(end - text)), context);
}

}  // namespace millrace
