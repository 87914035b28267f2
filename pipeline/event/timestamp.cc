#include "pipeline/event/timestamp.h"

#include <time.h>

#include <cstring>

#include "pipeline/event/civil_time.h"
#include "pipeline/event/digits.h"

namespace millrace {

using civil::kNanosPerSecond;
using civil::kSecondsPerDay;

namespace {

/// The last time printed by this thread, but for its fraction: events of one second come together.
struct PrintedSecond {
  std::int64_t second = INT64_MIN;
  char text[20] = {};  // `2013-10-19T23:59:59.`
};

void print_second(std::int64_t second, PrintedSecond& printed) {
  const std::int64_t days = civil::floor_div(second, kSecondsPerDay);
  const auto of_day = static_cast<int>(second - days * kSecondsPerDay);
  const civil::Date d = civil::date_of(days);
  char* out = put_two(put_two(printed.text, d.year / 100), d.year % 100);
  *out++ = '-';
  out = put_two(out, d.month);
  *out++ = '-';
  out = put_two(out, d.day);
  *out++ = 'T';
  out = put_two(out, of_day / 3600);
  *out++ = ':';
  out = put_two(out, of_day / 60 % 60);
  *out++ = ':';
  out = put_two(out, of_day % 60);
  *out = '.';
  printed.second = second;
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
  thread_local PrintedSecond printed;
  const std::int64_t second = epoch_seconds(time);
  if (second != printed.second) print_second(second, printed);
  std::memcpy(out, printed.text, sizeof printed.text);
  // Modulo 2^64, because the first second of all begins before the range does.
  const auto fraction =
      static_cast<std::uint64_t>(time.ns) -
      static_cast<std::uint64_t>(second) * static_cast<std::uint64_t>(kNanosPerSecond);
  char* end = put_fraction(out + sizeof printed.text, static_cast<unsigned>(fraction));
  *end++ = 'Z';
  return static_cast<std::size_t>(end - out);
}

void append_iso8601(Timestamp time, std::string& out) {
  char text[kIso8601Bytes];
  out.append(text, write_iso8601(time, text));
}

}  // namespace millrace
