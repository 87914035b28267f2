#include <optional>

#include "pipeline/event/civil_time.h"
#include "pipeline/event/digits.h"
#include "pipeline/event/joda_iso8601.h"
#include "pipeline/event/timestamp.h"

namespace millrace {

using civil::kNanosPerSecond;
using civil::kSecondsPerDay;

namespace {

/// `-Www[-e]`, of which the `-W` is read.
std::optional<std::int64_t> read_week_date(TextCursor& in, int week_year) {
  const int week = in.number(2);
  const int day = in.take('-') ? in.number(1) : 1;
  if (week < 1 || week > civil::iso_weeks_in_year(week_year) || day < 1 || day > 7)
    return std::nullopt;
  return civil::iso_week_start(week_year, week) + (day - 1);
}

bool ordinal_is_next(std::string_view rest) {
  return rest.size() >= 3 && is_digit(rest[0]) && is_digit(rest[1]) && is_digit(rest[2]);
}

std::optional<std::int64_t> read_ordinal_date(TextCursor& in, int year) {
  const int day = in.number(3);
  if (day < 1 || day > 365 + civil::is_leap(year)) return std::nullopt;
  return civil::days_of(year, 1, 1) + day - 1;
}

/// The `-` of an offset right after a year or month (`2014-08:00`) cannot be told from a date's; it
/// is read as a date's.
std::optional<std::int64_t> read_date(TextCursor& in) {
  std::int64_t year = 0;
  if (in.digits(4, year) != 4 || year < civil::kMinYear || year > civil::kMaxYear)
    return std::nullopt;
  const int y = static_cast<int>(year);
  if (!in.take('-')) return civil::days_of(y, 1, 1);
  if (in.take('W')) return read_week_date(in, y);
  if (ordinal_is_next(in.rest())) return read_ordinal_date(in, y);
  const int month = in.number(2);
  if (month < 1 || month > 12) return std::nullopt;
  if (!in.take('-')) return civil::days_of(y, month, 1);
  const int day = in.number(2);
  if (day < 1 || day > civil::days_in_month(y, month)) return std::nullopt;
  return civil::days_of(y, month, day);
}

/// A fraction of `unit_seconds` (an hour, a minute, a second), in nanoseconds. nullopt: more than 9
/// digits or none.
std::optional<std::int64_t> read_fraction(TextCursor& in, std::int64_t unit_seconds) {
  if (!in.take('.') && !in.take(',')) return 0;
  std::int64_t value = 0;
  int count = in.digits(9, value);
  if (count == 0) return std::nullopt;
  for (; count < 9; ++count) value *= 10;
  return value * unit_seconds;
}

/// The time of day in nanoseconds.
std::optional<std::int64_t> read_time(TextCursor& in) {
  constexpr int kLimits[] = {24, 60, 60};
  std::int64_t seconds = 0;
  std::int64_t unit = 3600;
  for (int i = 0;; ++i, unit /= 60) {
    const int part = in.number(2);
    if (part < 0 || part >= kLimits[i]) return std::nullopt;
    seconds += part * unit;
    if (i == 2 || !in.take(':')) break;
  }
  const auto fraction = read_fraction(in, unit);
  if (!fraction) return std::nullopt;
  return seconds * kNanosPerSecond + *fraction;
}

/// Reads an optional offset and the end of the text; without an offset, asks the zone.
std::optional<std::int32_t> read_offset(TextCursor& in, std::int64_t local_seconds,
                                        const Zone& zone) {
  if (in.done()) return zone.offset_at_local(local_seconds);
  const auto offset = match_zone_offset(in.rest());
  if (!offset || offset->length != in.left()) return std::nullopt;
  return offset->zone.offset_at(0);
}

/// What stands behind the date, all of it. `may_end`: the time may be missing behind a `T`, but
/// then an offset needs one.
std::optional<Timestamp> read_rest(TextCursor& in, std::int64_t days, const Zone& zone,
                                   bool may_end) {
  std::int64_t ns_of_day = 0;
  const bool t = in.take('T') || in.take('t');
  if (t || in.take(' ')) {
    if (!t || !may_end || is_digit(in.peek())) {
      const auto time = read_time(in);
      if (!time) return std::nullopt;
      ns_of_day = *time;
    }
    if (in.left() > 1) in.take(' ');
  } else if (may_end && !in.done()) {
    return std::nullopt;
  }
  const std::int64_t local_seconds = days * kSecondsPerDay + ns_of_day / kNanosPerSecond;
  const auto offset = read_offset(in, local_seconds, zone);
  if (!offset) return std::nullopt;
  return timestamp_from_seconds(local_seconds - *offset, ns_of_day % kNanosPerSecond);
}

}  // namespace

std::optional<Timestamp> parse_iso8601(std::string_view text, const Zone& zone) {
  TextCursor in(text);
  const auto days = read_date(in);
  return days ? read_rest(in, *days, zone, false) : std::nullopt;
}

std::optional<Timestamp> parse_joda_iso8601(std::string_view text, const Zone& zone) {
  TextCursor in(text);
  if ((in.peek() | 0x20) == 't')
    return in.left() > 1 && is_digit(text[1]) ? read_rest(in, 0, zone, true) : std::nullopt;
  in.take('+');
  const auto days = read_date(in);
  return days ? read_rest(in, *days, zone, true) : std::nullopt;
}

}  // namespace millrace
