#pragma once

#include <cstdint>
#include <string>

namespace millrace {

/// One step of a compiled TimeFormat: what its compilers produce and its printer runs.
struct TimeFormatOp {
  enum class What : std::uint8_t {
    literal,
    // Numbers, zero-padded to `width`.
    century,
    year,
    year_of_century,
    iso_week_year,
    iso_week_year_of_century,
    iso_week,
    iso_weekday,  // Monday is 1
    us_week_year,
    us_week_year_of_century,
    us_week,
    us_week_of_month,
    us_weekday,             // Sunday is 1
    aligned_week_of_month,  // days 1 to 7 are week 1
    quarter,
    month,
    day_of_month,
    day_of_year,
    modified_julian_day,
    hour,             // 0-23
    clock_hour,       // 1-24
    half_hour,        // 0-11
    half_clock_hour,  // 1-12
    minute,
    second,
    nano_of_second,
    milli_of_day,
    nano_of_day,
    // The first `width` digits of the fraction of a second.
    millis_fraction,  // nothing below the millisecond
    nanos_fraction,
    // Texts; `width` is a TextStyle.
    month_name,
    weekday_name,
    quarter_name,
    half_of_day,
    day_period,
  };
  enum TextStyle : std::uint8_t { kShort, kFull, kNarrow };

  What what = What::literal;
  std::uint8_t width = 0;
  std::uint8_t pad_to = 0;  ///< pad on the left with spaces to this many characters
  std::string text;         ///< of a literal
};

}  // namespace millrace
