#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pipeline/result.h"

namespace date {
class time_zone;
}

namespace millrace {

/// A time zone: a fixed offset, or an entry of the system's tz database. A small value, cheap to
/// copy; the database behind it is read once and stays, so a Zone is valid for ever and on every
/// thread. After 2037, up to where the database lists changes, the rules of the last years hold.
class Zone {
 public:
  /// UTC.
  Zone() = default;

  /// `seconds` east of Greenwich.
  static Zone fixed(std::int32_t seconds);

  /// The offset in seconds (east positive) of a wall clock time, given in seconds since
  /// 1970-01-01T00:00:00 on that wall. A time that occurs twice means its first occurrence.
  /// nullopt: the clocks skip it. The last answers are kept per thread, about 5 ns each.
  std::optional<std::int32_t> offset_at_local(std::int64_t local_seconds) const;

  /// The offset in seconds at a point in time, given in seconds since the epoch.
  std::int32_t offset_at(std::int64_t utc_seconds) const;

  friend bool operator==(const Zone&, const Zone&) = default;

 private:
  friend Result<Zone> find_zone(std::string_view name);

  const date::time_zone* rules_ = nullptr;  // null: offset_ alone counts
  std::int32_t offset_ = 0;                 // seconds
};

/// The zone of that name: an Olson name (`Europe/Berlin`, `CET`, `UTC`, `Z`) or an offset
/// (`+08:00`, `-0530`,
/// `+02`, `+01:00:30`, also behind `UTC` or `GMT`). Cheap enough for once per event, and keeps
/// nothing per name: names may come from events. Errors: Errc::invalid, which says what was
/// expected.
Result<Zone> find_zone(std::string_view name);

/// The zone of this host: the variable TZ if set (a name or a fixed POSIX zone such as `CET-1`),
/// else the system's setting, else UTC. Reads the environment: meant for start-up, not for every
/// event.
Zone host_zone();

/// A zone whose name or offset text is the start of some text.
struct ZonePrefix {
  Zone zone;
  std::size_t length = 0;  ///< bytes of the text
};

/// The longest tz database name that `text` starts with; names match exactly, case included.
std::optional<ZonePrefix> match_zone_name(std::string_view text);

/// An offset at the start of `text`: `Z` (any case), or a sign and HH, HHmm, HHmmss, HH:mm or
/// HH:mm:ss.
std::optional<ZonePrefix> match_zone_offset(std::string_view text);

}  // namespace millrace
