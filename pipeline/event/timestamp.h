#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/event/time_zone.h"

namespace millrace {

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
/// Reaches from 1677-09-21 to 2262-04-11; a time outside cannot be made, it is never wrapped.
struct Timestamp {
  std::int64_t ns = 0;

  /// The system clock.
  static Timestamp now();

  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};
static_assert(sizeof(Timestamp) == 8);

/// `seconds` since the epoch plus `ns` (0 to 999,999,999). nullopt: outside of Timestamp's range.
std::optional<Timestamp> timestamp_from_seconds(std::int64_t seconds, std::int64_t ns);

/// `ms` since the epoch. nullopt: outside of Timestamp's range.
std::optional<Timestamp> timestamp_from_millis(std::int64_t ms);

/// The seconds since the epoch, rounded down also before 1970.
std::int64_t epoch_seconds(Timestamp time);

/// The same time with everything below the millisecond cut off (rounded down also before 1970).
Timestamp floor_to_millis(Timestamp time);

/// The most bytes that write_iso8601 writes.
inline constexpr std::size_t kIso8601Bytes = 30;

/// Writes `2013-10-19T00:14:32.996Z`, in UTC: 3, 6 or 9 digits of fraction, the fewest that lose
/// nothing. `out` has room for kIso8601Bytes; the number of bytes written comes back. No
/// allocation; the date of the last call is kept per thread, because events that follow each other
/// mostly share it.
std::size_t write_iso8601(Timestamp time, char* out);
void append_iso8601(Timestamp time, std::string& out);

/// Reads an ISO 8601 time as Logstash reads `@timestamp` (see joda_iso8601.h for the filter date):
///
///   date      yyyy[-MM[-dd]] | yyyy-DDD | yyyy-Www[-e]
///   time      HH[:mm[:ss]], the last part with an optional fraction of 1 to 9 digits after `.` or
///   `,` offset    Z | +HH | +HHmm | +HH:mm | +HH:mm:ss (and `-`) whole     date [offset] | date (T
///   or space) time [space] [offset]
///
/// A text without offset is local time in `zone`. The whole text must fit; no whitespace around it.
/// nullopt: anything else, a date that does not exist, a local time that `zone` skips, out of
/// range.
std::optional<Timestamp> parse_iso8601(std::string_view text, const Zone& zone);

}  // namespace millrace
