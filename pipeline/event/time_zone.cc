#include "pipeline/event/time_zone.h"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>

#include "pipeline/event/civil_time.h"
#include "pipeline/event/digits.h"

namespace millrace {

namespace {

constexpr std::int64_t kDay = 86'400;

/// A stretch of wall clock time around which nothing changes for two days, so that a look-up inside
/// of it needs no thought about gaps and overlaps (the widest ones, at the date line, are a day).
struct Stretch {
  const date::time_zone* rules = nullptr;
  std::int64_t begin = 0;  // seconds on the wall, inclusive
  std::int64_t end = 0;    // exclusive
  std::int32_t offset = 0;
};

constexpr int kLastYear = 2037;  // for which the database lists each change of the clocks

/// Whether the database says that nothing changes from some time before `info` on for ever. For a
/// zone with summer time that is not so: its files end with a rule, which the library does not
/// read.
bool is_last(const date::sys_info& info) {
  constexpr std::int64_t kFar = 1'000'000 * civil::kSecondsPerDay;
  return info.end.time_since_epoch().count() > kFar;
}

/// A time at which the clocks of a zone without further changes of its rules show the same as at
/// `seconds`, which is about the end of kLastYear or later: the same day of a month that begins
/// with the same weekday. (The eleven years up to kLastYear begin and go on in March with each
/// weekday.)
std::int64_t in_a_year_alike(std::int64_t seconds) {
  const std::int64_t time_of_day = seconds - civil::floor_div(seconds, kDay) * kDay;
  std::int64_t day = civil::floor_div(seconds, kDay);
  civil::Date date = civil::date_of(day);
  if (date.month == 2 && date.day == 29) {
    date.day = 28;
    --day;
  }
  for (int year = kLastYear; year > kLastYear - 11; --year) {
    const std::int64_t alike = civil::days_of(year, date.month, date.day);
    if (civil::iso_weekday(alike) == civil::iso_weekday(day)) return alike * kDay + time_of_day;
  }
  return seconds;
}

/// Where what the database lists may end, on any wall.
constexpr std::int64_t kListed = (civil::days_of(kLastYear + 1, 1, 1) - 2) * kDay;

Stretch& cached_stretch(const date::time_zone* rules) {
  thread_local std::array<Stretch, 16> stretches;
  return stretches[(reinterpret_cast<std::uintptr_t>(rules) >> 5) % stretches.size()];
}

void remember(const date::time_zone* rules, const date::sys_info& info, Stretch& stretch) {
  // The database marks "always so far" and "from now on" with the ends of its calendar, far inside
  // 64 bits.
  const std::int64_t offset = info.offset.count();
  const std::int64_t end = info.end.time_since_epoch().count() + offset - 2 * kDay;
  stretch = {rules, info.begin.time_since_epoch().count() + offset + 2 * kDay,
             is_last(info) ? kListed : end, static_cast<std::int32_t>(offset)};
}

/// The database; null where the system has none.
const date::tzdb* database() {
  static const date::tzdb* const kDatabase = []() -> const date::tzdb* {
    try {
      return &date::get_tzdb();
    } catch (const std::exception&) {
      return nullptr;
    }
  }();
  return kDatabase;
}

/// Looks up an exact name; null where there is none, or its file cannot be read.
const date::time_zone* find_rules(std::string_view name) {
  const date::tzdb* db = database();
  if (db == nullptr) return nullptr;
  const auto found = std::lower_bound(
      db->zones.begin(), db->zones.end(), name,
      [](const date::time_zone& zone, std::string_view wanted) { return zone.name() < wanted; });
  if (found == db->zones.end() || found->name() != name) return nullptr;
  try {
    found->get_info(date::sys_seconds{});  // reads the file, so that later look-ups cannot fail
    return &*found;
  } catch (const std::exception&) {
    return nullptr;
  }
}

/// A name of the database that differs in case only; empty without one.
std::string_view similar_name(std::string_view name) {
  const date::tzdb* db = database();
  if (db == nullptr) return {};
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  for (const date::time_zone& zone : db->zones)
    if (std::equal(name.begin(), name.end(), zone.name().begin(), zone.name().end(), same))
      return zone.name();
  return {};
}

Error unknown_zone(std::string_view name) {
  constexpr std::size_t kShown = 64;
  std::string message =
      "unknown time zone '" + std::string(name.substr(0, kShown)) +
      (name.size() > kShown ? "..." : "") +
      "': expected a name such as Europe/Berlin or UTC, or an offset such as +02:00";
  const std::string_view similar = name.size() <= kShown ? similar_name(name) : std::string_view{};
  if (!similar.empty()) message += "; did you mean '" + std::string(similar) + "'?";
  return fail(Errc::invalid, std::move(message));
}

/// `+08:00`, `UTC+8:00` without the name, `Z`: an offset that is the whole text.
std::optional<Zone> whole_offset(std::string_view text) {
  const auto offset = match_zone_offset(text);
  if (!offset || offset->length != text.size()) return std::nullopt;
  return offset->zone;
}

std::string_view without_utc_prefix(std::string_view name) {
  for (const std::string_view prefix : {"UTC", "GMT", "UT"})
    if (name.size() > prefix.size() && name.starts_with(prefix) &&
        (name[prefix.size()] == '+' || name[prefix.size()] == '-'))
      return name.substr(prefix.size());
  return name;
}

bool is_utc(std::string_view name) {
  return name == "UTC" || name == "Etc/UTC" || name == "GMT" || name == "UT";
}

/// The name of the zone that the system is set to.
Result<std::string> system_zone_name() {
  // What systems with systemd have, and most others: a link into the database.
  constexpr std::string_view kDirectory = "/zoneinfo/";
  std::error_code error;
  const std::string link = std::filesystem::read_symlink("/etc/localtime", error).string();
  if (const auto at = link.find(kDirectory); !error && at != std::string::npos)
    return link.substr(at + kDirectory.size());
  try {
    return date::current_zone()->name();
  } catch (const std::exception& e) {
    return fail(Errc::not_found, std::string("the system's time zone: ") + e.what());
  }
}

/// A POSIX zone without summer time, such as `CET-1` or `<+0530>-5:30`: the sign counts west of
/// Greenwich.
std::optional<Zone> fixed_posix_zone(std::string_view text) {
  const std::size_t close =
      text.starts_with('<') ? text.find('>') : text.find_first_of("+-0123456789");
  if (close == std::string_view::npos || close < 3) return std::nullopt;
  TextCursor in(text.substr(text[close] == '>' ? close + 1 : close));
  const bool east = in.peek() == '-';
  if (in.peek() == '+' || in.peek() == '-') in.skip(1);
  const int hours = in.number(2);
  const int minutes = in.take(':') ? in.two_digits() : 0;
  if (hours < 0 || hours > 24 || minutes < 0 || minutes > 59 || !in.done()) return std::nullopt;
  const int seconds = hours * 3600 + minutes * 60;
  return Zone::fixed(east ? seconds : -seconds);
}

}  // namespace

Zone Zone::fixed(std::int32_t seconds) {
  Zone zone;
  zone.offset_ = seconds;
  return zone;
}

std::optional<std::int32_t> Zone::offset_at_local(std::int64_t local_seconds) const {
  if (rules_ == nullptr) return offset_;
  Stretch& stretch = cached_stretch(rules_);
  if (stretch.rules == rules_ && local_seconds >= stretch.begin && local_seconds < stretch.end)
    return stretch.offset;
  const auto info_at = [&](std::int64_t seconds) {
    return rules_->get_info(date::local_seconds{std::chrono::seconds{seconds}});
  };
  auto info = info_at(local_seconds);
  if (local_seconds >= kListed && is_last(info.first))
    info = info_at(in_a_year_alike(local_seconds));
  if (info.result == date::local_info::nonexistent) return std::nullopt;
  if (info.result == date::local_info::unique) remember(rules_, info.first, stretch);
  return static_cast<std::int32_t>(info.first.offset.count());
}

std::int32_t Zone::offset_at(std::int64_t utc_seconds) const {
  if (rules_ == nullptr) return offset_;
  const auto info_at = [&](std::int64_t seconds) {
    return rules_->get_info(date::sys_seconds{std::chrono::seconds{seconds}});
  };
  auto info = info_at(utc_seconds);
  if (utc_seconds >= kListed && is_last(info)) info = info_at(in_a_year_alike(utc_seconds));
  return static_cast<std::int32_t>(info.offset.count());
}

Result<Zone> find_zone(std::string_view name) {
  if (is_utc(name))
    return Zone();  // without a look at the database, whose first use takes milliseconds
  if (const auto offset = whole_offset(without_utc_prefix(name))) return *offset;
  Zone zone;
  zone.rules_ = find_rules(name);
  if (zone.rules_ == nullptr) return unknown_zone(name);
  return zone;
}

Zone host_zone() {
  if (const char* variable = std::getenv("TZ")) {
    const std::string_view name = *variable == ':' ? variable + 1 : variable;
    if (const auto zone = find_zone(name)) return *zone;
    return fixed_posix_zone(name).value_or(Zone());
  }
  const auto name = system_zone_name();
  const auto zone = name ? find_zone(*name) : Result<Zone>(Zone());
  return zone ? *zone : Zone();
}

std::optional<ZonePrefix> match_zone_name(std::string_view text) {
  constexpr std::size_t kLongestName = 40;
  std::size_t length = 0;
  while (length < text.size() && length < kLongestName &&
         (std::isalnum(static_cast<unsigned char>(text[length])) != 0 ||
          std::string_view("/_+-").find(text[length]) != std::string_view::npos))
    ++length;
  for (; length > 0; --length) {
    const std::string_view name = text.substr(0, length);
    if (is_utc(name) || find_rules(name) != nullptr) return ZonePrefix{*find_zone(name), length};
  }
  return std::nullopt;
}

std::optional<ZonePrefix> match_zone_offset(std::string_view text) {
  TextCursor in(text);
  if (in.peek() == 'Z' || in.peek() == 'z') return ZonePrefix{Zone(), 1};
  const bool west = in.peek() == '-';
  if (!in.take('-') && !in.take('+')) return std::nullopt;
  const int hours = in.two_digits();
  if (hours < 0 || hours > 23) return std::nullopt;
  int parts[2] = {0, 0};  // minutes, seconds
  const bool colons = in.peek() == ':';
  for (int& part : parts) {
    if (colons ? !in.take(':') : !is_digit(in.peek())) break;
    part = in.two_digits();
    if (part < 0 || part > 59) return std::nullopt;
  }
  const int seconds = hours * 3600 + parts[0] * 60 + parts[1];
  return ZonePrefix{Zone::fixed(west ? -seconds : seconds), text.size() - in.left()};
}

}  // namespace millrace
