#pragma once

#include <date/date.h>

#include <cstdint>

/// Calendar arithmetic on days since 1970-01-01, on top of the date library. Years must fit into
/// 16 bits; callers check kMinYear and kMaxYear first.
namespace millrace::civil {

inline constexpr int kMinYear = 1677;  // the years that a Timestamp can reach
inline constexpr int kMaxYear = 2262;
inline constexpr std::int64_t kSecondsPerDay = 86'400;
inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

struct Date {
  int year;
  int month;  // 1-12
  int day;    // 1-31
};

constexpr std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

constexpr std::int64_t days_of(int year, int month, int day) {
  return date::sys_days(date::year(year) / month / day).time_since_epoch().count();
}

constexpr Date date_of(std::int64_t days) {
  const date::year_month_day ymd{date::sys_days(date::days(days))};
  return {int(ymd.year()), int(unsigned(ymd.month())), int(unsigned(ymd.day()))};
}

constexpr bool is_leap(int year) { return date::year(year).is_leap(); }

constexpr int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

/// Monday is 1, Sunday 7. 1970-01-01 was a Thursday.
constexpr int iso_weekday(std::int64_t days) { return int(((days + 3) % 7 + 7) % 7) + 1; }

/// The Monday of the week that holds the day.
constexpr std::int64_t monday_of(std::int64_t days) { return days - (iso_weekday(days) - 1); }

/// The first day of ISO week 1: the Monday of the week that holds January 4th.
constexpr std::int64_t iso_year_start(int week_year) { return monday_of(days_of(week_year, 1, 4)); }

/// The Monday of an ISO week.
constexpr std::int64_t iso_week_start(int week_year, int week) {
  return iso_year_start(week_year) + std::int64_t{7} * (week - 1);
}

/// The ISO week-based year of a day: the year of its week's Thursday.
constexpr int iso_week_year(std::int64_t days) { return date_of(monday_of(days) + 3).year; }

constexpr int iso_week(std::int64_t days) {
  return int((days - iso_year_start(iso_week_year(days))) / 7) + 1;
}

constexpr int iso_weeks_in_year(int week_year) {
  return int((iso_year_start(week_year + 1) - iso_year_start(week_year)) / 7);
}

/// Weeks that begin on Sunday; week 1 holds January 1st (en-US).
constexpr std::int64_t sunday_of(std::int64_t days) { return days - iso_weekday(days) % 7; }
constexpr int us_week_year(std::int64_t days) { return date_of(sunday_of(days) + 6).year; }
constexpr int us_week(std::int64_t days) {
  return int((sunday_of(days) - sunday_of(days_of(us_week_year(days), 1, 1))) / 7) + 1;
}

}  // namespace millrace::civil
