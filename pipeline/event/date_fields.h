#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "pipeline/event/date_parser.h"

namespace millrace {

/// The parts of a date that a pattern found in a text, and how they make a point in time.
///
/// This follows Joda-Time: parts are applied from the largest to the smallest, each sets what it
/// names and resets all that is smaller, so an unnamed part is the first there is (January, the
/// 1st, midnight). All are then applied once more without the reset. A weekday therefore moves the
/// date within its week, Monday to Sunday, and a wrong one is no error.
class DateFields {
 public:
  /// In the order in which they are applied.
  enum Field : std::uint8_t {
    century,
    year,
    week_year,
    month,
    week,
    day_of_year,
    day_of_month,
    weekday,      // Monday is 1
    half_of_day,  // 0: AM, 1: PM
    hour,         // 0-23
    half_hour,    // 0-11
    minute,
    second,
    milli,
    kCount,
  };

  /// The last value set for a field counts. Values may be any; resolve() refuses those that are too
  /// large.
  void set(Field field, std::int32_t value) {
    values_[field] = value;
    present_ |= 1U << field;
  }
  void set_offset(std::int32_t seconds) {
    offset_ = seconds;
    has_offset_ = true;
  }
  void set_zone(const Zone& zone) {
    zone_ = zone;
    has_zone_ = true;
  }

  /// An offset in the text counts more than a zone in the text, that more than the context's.
  /// Without a year the year is guessed from the context: this one, but December seen in January is
  /// last year's and January seen in December next year's.
  /// nullopt: no such date, a local time that the zone skips, or out of range.
  std::optional<Timestamp> resolve(const DateContext& context) const;

 private:
  bool has(Field field) const { return (present_ >> field & 1U) != 0; }
  bool has_year() const {
    return (present_ & ((1U << century) | (1U << year) | (1U << week_year))) != 0;
  }
  bool only_plain_date() const;
  bool in_range() const;

  std::optional<std::int64_t> plain_days(int in_year) const;
  std::optional<std::int64_t> applied_days(std::optional<int> default_year) const;
  std::optional<std::int64_t> guessed_days(const DateContext& context) const;
  std::int64_t second_of_day() const;

  std::array<std::int32_t, kCount> values_{};
  std::uint32_t present_ = 0;
  bool has_offset_ = false;
  bool has_zone_ = false;
  std::int32_t offset_ = 0;
  Zone zone_;
};

/// The year of `now` in UTC; it decides years with two digits.
int current_year(const DateContext& context);

}  // namespace millrace
