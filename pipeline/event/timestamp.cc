#include "pipeline/event/timestamp.h"

#include <time.h>

#include <cstring>

#include "pipeline/event/civil_time.h"
#include "pipeline/event/digits.h"

namespace millrace {

using civil::kNanosPerSecond;
using civil::kSecondsPerDay;

namespace {

/// The date part of the last time printed by this thread.
struct PrintedDate {
  std::int64_t days = INT64_MIN;
  char text[11] = {};  // `2013-10-19T`
};

void print_date(std::int64_t days, PrintedDate& date) {
  const civil::Date d = civil::date_of(days);
  char* out = put_two(put_two(date.text, d.year / 100), d.year % 100);
  *out++ = '-';
  out = put_two(out, d.month);
  *out++ = '-';
  out = put_two(out, d.day);
  *out = 'T';
  date.days = days;
}

char* put_three(char* out, unsigned value) {
  *out = static_cast<char>('0' + value / 100);
  return put_two(out + 1, static_cast<int>(value % 100));
}

char* put_fraction(char* out, unsigned ns) {
  out = put_three(out, ns / 1'000'000);
  if (ns % 1'000'000 == 0) return out;
  out = put_three(out, ns / 1'000 % 1'000);
  return ns % 1'000 == 0 ? out : put_three(out, ns % 1'000);
}

}  // namespace

Timestamp Timestamp::now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return {std::int64_t{time.tv_sec} * kNanosPerSecond + time.tv_nsec};
}

std::optional<Timestamp> timestamp_from_seconds(std::int64_t seconds, std::int64_t ns) {
  // Towards zero first, so that a fraction before 1970 cannot leave the range on the way.
  if (seconds < 0) {
    seconds += 1;
    ns -= kNanosPerSecond;
  }
  Timestamp time;
  if (__builtin_mul_overflow(seconds, kNanosPerSecond, &time.ns) ||
      __builtin_add_overflow(time.ns, ns, &time.ns))
    return std::nullopt;
  return time;
}

std::optional<Timestamp> timestamp_from_millis(std::int64_t ms) {
  const std::int64_t below_second = (ms % 1'000 + 1'000) % 1'000;
  return timestamp_from_seconds(civil::floor_div(ms, 1'000), below_second * 1'000'000);
}

std::int64_t epoch_seconds(Timestamp time) { return civil::floor_div(time.ns, kNanosPerSecond); }

Timestamp floor_to_millis(Timestamp time) {
  // The lowest time is no whole millisecond: cutting it off would leave the range.
  constexpr std::int64_t kNanosPerMilli = 1'000'000;
  if (time.ns < INT64_MIN + kNanosPerMilli) return time;
  return {civil::floor_div(time.ns, kNanosPerMilli) * kNanosPerMilli};
}

std::size_t write_iso8601(Timestamp time, char* out) {
  thread_local PrintedDate date;
  const std::int64_t days = civil::floor_div(time.ns, kSecondsPerDay * kNanosPerSecond);
  if (days != date.days) print_date(days, date);
  // Modulo 2^64, because the first day of all begins before the range does.
  const auto ns_of_day = static_cast<std::uint64_t>(time.ns) -
                         static_cast<std::uint64_t>(days) *
                             static_cast<std::uint64_t>(kSecondsPerDay * kNanosPerSecond);
  const auto second = static_cast<int>(ns_of_day / kNanosPerSecond);
  std::memcpy(out, date.text, sizeof date.text);
  char* end = put_two(out + sizeof date.text, second / 3600);
  *end++ = ':';
  end = put_two(end, second / 60 % 60);
  *end++ = ':';
  end = put_two(end, second % 60);
  *end++ = '.';
  end = put_fraction(end, static_cast<unsigned>(ns_of_day % kNanosPerSecond));
  *end++ = 'Z';
  return static_cast<std::size_t>(end - out);
}

void append_iso8601(Timestamp time, std::string& out) {
  char text[kIso8601Bytes];
  out.append(text, write_iso8601(time, text));
}

}  // namespace millrace
