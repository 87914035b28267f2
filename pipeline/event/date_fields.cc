#include "pipeline/event/date_fields.h"

#include <algorithm>

#include "pipeline/event/civil_time.h"

namespace millrace {

namespace {

using Days = std::optional<std::int64_t>;

bool year_in_range(int year) { return year >= civil::kMinYear && year <= civil::kMaxYear; }

/// In UTC: the guesses made from it do not change within a day of New Year.
civil::Date current_date(const DateContext& context) {
  return civil::date_of(civil::floor_div(epoch_seconds(context.now), civil::kSecondsPerDay));
}

/// The date with its day cut to the length of its month.
std::int64_t clipped(int year, int month, int day) {
  return civil::days_of(year, month, std::min(day, civil::days_in_month(year, month)));
}

// One function per field: the day that `days` becomes when the field is set to `value`, and with
// `reset` its first day within that field. nullopt: there is no such day.

Days with_year(std::int64_t days, int value, bool reset) {
  if (!year_in_range(value)) return std::nullopt;
  const civil::Date date = civil::date_of(days);
  return reset ? civil::days_of(value, 1, 1) : clipped(value, date.month, date.day);
}

Days with_week_year(std::int64_t days, int value, bool reset) {
  if (!year_in_range(value)) return std::nullopt;
  if (reset) return civil::iso_year_start(value);
  const int week = std::min(civil::iso_week(days), civil::iso_weeks_in_year(value));
  return civil::iso_week_start(value, week) + (civil::iso_weekday(days) - 1);
}

Days with_month(std::int64_t days, int value, bool reset) {
  if (value < 1 || value > 12) return std::nullopt;
  const civil::Date date = civil::date_of(days);
  return reset ? civil::days_of(date.year, value, 1) : clipped(date.year, value, date.day);
}

Days with_week(std::int64_t days, int value, bool reset) {
  const int week_year = civil::iso_week_year(days);
  if (value < 1 || value > civil::iso_weeks_in_year(week_year)) return std::nullopt;
  const std::int64_t monday = civil::iso_week_start(week_year, value);
  return reset ? monday : monday + (civil::iso_weekday(days) - 1);
}

Days with_day_of_year(std::int64_t days, int value) {
  const int year = civil::date_of(days).year;
  if (value < 1 || value > 365 + civil::is_leap(year)) return std::nullopt;
  return civil::days_of(year, 1, 1) + value - 1;
}

Days with_day_of_month(std::int64_t days, int value) {
  const civil::Date date = civil::date_of(days);
  if (value < 1 || value > civil::days_in_month(date.year, date.month)) return std::nullopt;
  return days - date.day + value;
}

Days with_weekday(std::int64_t days, int value) {
  if (value < 1 || value > 7) return std::nullopt;
  return civil::monday_of(days) + value - 1;
}

Days with_field(DateFields::Field field, std::int64_t days, int value, bool reset) {
  switch (field) {
    case DateFields::century:
      if (value < 0 || value > civil::kMaxYear / 100) return std::nullopt;
      return with_year(days, value * 100, reset);
    case DateFields::year:
      return with_year(days, value, reset);
    case DateFields::week_year:
      return with_week_year(days, value, reset);
    case DateFields::month:
      return with_month(days, value, reset);
    case DateFields::week:
      return with_week(days, value, reset);
    case DateFields::day_of_year:
      return with_day_of_year(days, value);
    case DateFields::day_of_month:
      return with_day_of_month(days, value);
    default:
      return with_weekday(days, value);
  }
}

}  // namespace

int current_year(const DateContext& context) { return current_date(context).year; }

/// Whether the date is a month and a day of it, or less: the usual case, which needs no second
/// round.
bool DateFields::only_plain_date() const {
  constexpr std::uint32_t kOthers =
      1U << century | 1U << week_year | 1U << week | 1U << day_of_year | 1U << weekday;
  return (present_ & kOthers) == 0;
}

Days DateFields::plain_days(int in_year) const {
  const int m = has(month) ? values_[month] : 1;
  const int d = has(day_of_month) ? values_[day_of_month] : 1;
  if (!year_in_range(in_year) || m < 1 || m > 12 || d < 1 || d > civil::days_in_month(in_year, m))
    return std::nullopt;
  return civil::days_of(in_year, m, d);
}

/// Applies all parts of the date to 1970-01-01, or to the default year.
Days DateFields::applied_days(std::optional<int> default_year) const {
  if (only_plain_date()) return plain_days(has(year) ? values_[year] : default_year.value_or(1970));
  const bool year_over_century = has(year) || has(week_year);
  Days days = 0;
  for (const bool reset : {true, false}) {
    if (default_year && days) days = with_year(*days, *default_year, reset);
    for (int i = century; i <= weekday && days; ++i) {
      const auto field = static_cast<Field>(i);
      if (!has(field) || (field == century && year_over_century)) continue;
      const bool smallest = present_ >> (field + 1) == 0;
      days = with_field(field, *days, values_[field], reset || smallest);
    }
  }
  return days;
}

Days DateFields::guessed_days(const DateContext& context) const {
  const civil::Date now = current_date(context);
  constexpr std::uint32_t kDateFields = (1U << (weekday + 1)) - 1;
  const bool has_date = (present_ & kDateFields) != 0;
  const Days days = applied_days(has_date ? std::optional(now.year) : std::nullopt);
  if (!days) return std::nullopt;
  const civil::Date found = civil::date_of(*days);
  const int guess =
      now.year + (now.month == 12 && found.month == 1) - (now.month == 1 && found.month == 12);
  return guess == found.year ? days : with_year(*days, guess, false);
}

bool DateFields::in_range() const {
  return values_[hour] < 24 && values_[half_hour] < 12 && values_[minute] < 60 &&
         values_[second] < 60;
}

std::int64_t DateFields::second_of_day() const {
  int h = has(hour) ? values_[hour] : values_[half_of_day] * 12;
  if (has(half_hour)) h = h / 12 * 12 + values_[half_hour];
  return h * 3600 + values_[minute] * 60 + values_[second];
}

std::optional<Timestamp> DateFields::resolve(const DateContext& context) const {
  if (!in_range()) return std::nullopt;
  const Days days = has_year() ? applied_days(std::nullopt) : guessed_days(context);
  if (!days) return std::nullopt;
  const std::int64_t local = *days * civil::kSecondsPerDay + second_of_day();
  const Zone& zone = has_zone_ ? zone_ : context.zone;
  const auto offset = has_offset_ ? std::optional(offset_) : zone.offset_at_local(local);
  if (!offset) return std::nullopt;
  return timestamp_from_seconds(local - *offset, values_[milli] * std::int64_t{1'000'000});
}

}  // namespace millrace
