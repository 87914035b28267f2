#include "pipeline/event/time_format.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "pipeline/event/civil_time.h"
#include "pipeline/event/digits.h"
#include "pipeline/event/time_names.h"

namespace millrace {

namespace {

using What = TimeFormatOp::What;
using civil::kNanosPerSecond;

/// A point in time taken apart, in UTC.
struct Parts {
  explicit Parts(Timestamp time)
      : seconds(epoch_seconds(time)),
        days(civil::floor_div(seconds, civil::kSecondsPerDay)),
        date(civil::date_of(days)),
        second_of_day(static_cast<int>(seconds - days * civil::kSecondsPerDay)),
        // Modulo 2^64: the first second of all begins before the range does.
        ns(static_cast<std::int64_t>(static_cast<std::uint64_t>(time.ns) -
                                     static_cast<std::uint64_t>(seconds) * kNanosPerSecond)) {}

  int hour() const { return second_of_day / 3600; }
  int day_of_year() const { return static_cast<int>(days - civil::days_of(date.year, 1, 1)) + 1; }

  std::int64_t seconds;
  std::int64_t days;
  civil::Date date;
  int second_of_day;
  std::int64_t ns;
};

/// 12, 1, 2, ... 11: the hour as a clock face has it, of `face` hours.
int clock_hour(int hour, int face) { return hour % face == 0 ? face : hour % face; }

int us_week_of_month(const Parts& t) {
  const std::int64_t first = civil::sunday_of(t.days - (t.date.day - 1));
  return static_cast<int>((t.days - first) / 7) + 1;
}

std::int64_t number_of(What what, const Parts& t) {
  switch (what) {
    case What::century:
      return t.date.year / 100;
    case What::year:
      return t.date.year;
    case What::year_of_century:
      return t.date.year % 100;
    case What::iso_week_year:
      return civil::iso_week_year(t.days);
    case What::iso_week_year_of_century:
      return civil::iso_week_year(t.days) % 100;
    case What::iso_week:
      return civil::iso_week(t.days);
    case What::iso_weekday:
      return civil::iso_weekday(t.days);
    case What::us_week_year:
      return civil::us_week_year(t.days);
    case What::us_week_year_of_century:
      return civil::us_week_year(t.days) % 100;
    case What::us_week:
      return civil::us_week(t.days);
    case What::us_week_of_month:
      return us_week_of_month(t);
    case What::us_weekday:
      return civil::iso_weekday(t.days) % 7 + 1;
    case What::aligned_week_of_month:
      return (t.date.day - 1) / 7 + 1;
    case What::quarter:
      return (t.date.month - 1) / 3 + 1;
    case What::month:
      return t.date.month;
    case What::day_of_month:
      return t.date.day;
    case What::day_of_year:
      return t.day_of_year();
    case What::modified_julian_day:
      return t.days + 40'587;  // the MJD of 1970-01-01
    case What::hour:
      return t.hour();
    case What::clock_hour:
      return clock_hour(t.hour(), 24);
    case What::half_hour:
      return t.hour() % 12;
    case What::half_clock_hour:
      return clock_hour(t.hour(), 12);
    case What::minute:
      return t.second_of_day / 60 % 60;
    case What::second:
      return t.second_of_day % 60;
    case What::nano_of_second:
      return t.ns;
    case What::milli_of_day:
      return t.second_of_day * std::int64_t{1000} + t.ns / 1'000'000;
    case What::nano_of_day:
      return t.second_of_day * kNanosPerSecond + t.ns;
    default:
      return 0;
  }
}

/// CLDR's day periods for English; `short` and `full` are the same.
std::string_view day_period(const Parts& t, bool narrow) {
  if (t.second_of_day % 3600 == 0 && t.ns == 0) {
    if (t.hour() == 0) return narrow ? "mi" : "midnight";
    if (t.hour() == 12) return narrow ? "n" : "noon";
  }
  if (t.hour() < 6 || t.hour() >= 21) return "at night";
  if (t.hour() < 12) return "in the morning";
  return t.hour() < 18 ? "in the afternoon" : "in the evening";
}

std::string_view quarter_name(int quarter, int style) {
  static constexpr std::string_view kNames[][4] = {
      {"Q1", "Q2", "Q3", "Q4"},
      {"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"},
      {"1", "2", "3", "4"},
  };
  return kNames[style][quarter - 1];
}

template <std::size_t N>
std::string_view styled(int style, const std::array<std::string_view, N>& full,
                        const std::array<std::string_view, N>& abbreviated, int number) {
  const auto i = static_cast<std::size_t>(number - 1);
  if (style == TimeFormatOp::kNarrow) return full[i].substr(0, 1);
  return style == TimeFormatOp::kFull ? full[i] : abbreviated[i];
}

std::string_view text_of(const TimeFormatOp& op, const Parts& t) {
  const TimeNames& names = english_names();
  switch (op.what) {
    case What::month_name:
      return styled(op.width, names.months, names.short_months, t.date.month);
    case What::weekday_name:
      return styled(op.width, names.weekdays, names.short_weekdays, civil::iso_weekday(t.days));
    case What::quarter_name:
      return quarter_name((t.date.month - 1) / 3 + 1, op.width);
    case What::half_of_day:
      return t.hour() < 12 ? "AM" : "PM";
    case What::day_period:
      return day_period(t, op.width == TimeFormatOp::kNarrow);
    default:
      return op.text;
  }
}

char* put_text(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

constexpr std::size_t kMaxNumberBytes = 20;

char* put_number(char* out, std::int64_t value, std::size_t width) {
  if (width == 2 && value >= 0 && value <= 99) return put_two(out, static_cast<int>(value));
  char digits[kMaxNumberBytes];
  const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  const auto count = static_cast<std::size_t>(end - digits);
  for (std::size_t i = count; i < width; ++i) *out++ = '0';
  return put_text(out, {digits, count});
}

/// The first `width` digits of a fraction of a second; zeros after the ninth.
char* put_fraction(char* out, std::int64_t ns, std::size_t width) {
  std::int64_t unit = kNanosPerSecond / 10;
  for (std::size_t i = 0; i < width; ++i, unit /= 10)
    *out++ = unit == 0 ? '0' : static_cast<char>('0' + ns / unit % 10);
  return out;
}

char* put_op(char* out, const TimeFormatOp& op, const Parts& t) {
  if (op.what == What::literal || op.what >= What::month_name) return put_text(out, text_of(op, t));
  if (op.what == What::nanos_fraction) return put_fraction(out, t.ns, op.width);
  if (op.what == What::millis_fraction)
    return put_fraction(out, t.ns / 1'000'000 * 1'000'000, op.width);
  return put_number(out, number_of(op.what, t), op.width);
}

char* pad_left(char* begin, char* end, std::size_t width) {
  const auto length = static_cast<std::size_t>(end - begin);
  if (length >= width) return end;
  std::memmove(begin + (width - length), begin, length);
  std::memset(begin, ' ', width - length);
  return begin + width;
}

std::size_t max_bytes_of(const TimeFormatOp& op) {
  constexpr std::size_t kLongestName = 16;  // `in the afternoon`
  std::size_t bytes = std::max<std::size_t>(op.width, kMaxNumberBytes);
  if (op.what == What::literal) bytes = op.text.size();
  if (op.what >= What::month_name) bytes = kLongestName;
  return std::max<std::size_t>(bytes, op.pad_to);
}

}  // namespace

TimeFormat::TimeFormat(std::vector<TimeFormatOp> ops) : ops_(std::move(ops)) {
  for (const TimeFormatOp& op : ops_) max_bytes_ += max_bytes_of(op);
}

void TimeFormat::append(Timestamp time, std::string& out) const {
  const std::size_t before = out.size();
  out.resize(before + max_bytes_);
  const char* end = write(time, out.data() + before);
  out.resize(static_cast<std::size_t>(end - out.data()));
}

char* TimeFormat::write(Timestamp time, char* out) const {
  const Parts parts(time);
  for (const TimeFormatOp& op : ops_) {
    char* end = put_op(out, op, parts);
    out = op.pad_to == 0 ? end : pad_left(out, end, op.pad_to);
  }
  return out;
}

}  // namespace millrace
