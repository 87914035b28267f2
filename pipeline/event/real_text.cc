#include "pipeline/event/real_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace millrace {
namespace {

/// digits[0].digits[1]... times ten to the power of `exponent`.
struct Decimal {
  char digits[20];
  int count = 0;
  int exponent = 0;
};

Decimal shortest(double number) {
  char text[kRealTextBytes];
  const char* const end =
      std::to_chars(text, text + sizeof text, number, std::chars_format::scientific).ptr;
  Decimal decimal;
  const char* at = text;
  for (; *at != 'e'; ++at)
    if (*at != '.') decimal.digits[decimal.count++] = *at;
  at += at[1] == '+' ? 2 : 1;  // from_chars knows no plus
  std::from_chars(at, end, decimal.exponent);
  return decimal;
}

char* append(const char* from, int count, char* to) {
  std::memcpy(to, from, static_cast<std::size_t>(count));
  return to + count;
}

char* append_zeros(int count, char* to) { return std::fill_n(to, count, '0'); }

/// 1234.5, 1200.0, 0.0012
char* write_plain(const Decimal& decimal, char* to) {
  const int whole = decimal.exponent + 1;  // digits before the point
  if (whole <= 0) {
    to = append("0.", 2, to);
    return append(decimal.digits, decimal.count, append_zeros(-whole, to));
  }
  const int given = std::min(whole, decimal.count);
  to = append_zeros(whole - given, append(decimal.digits, given, to));
  *to++ = '.';
  if (decimal.count == given) return append_zeros(1, to);
  return append(decimal.digits + given, decimal.count - given, to);
}

/// 1.25, 1.0: before the exponent.
char* write_fraction(const Decimal& decimal, char* to) {
  *to++ = decimal.digits[0];
  *to++ = '.';
  if (decimal.count == 1) return append_zeros(1, to);
  return append(decimal.digits + 1, decimal.count - 1, to);
}

char* write_sign(double& number, char* to) {
  if (std::signbit(number)) *to++ = '-';
  number = std::fabs(number);
  return to;
}

}  // namespace

char* write_java_real(double number, char* to) {
  to = write_sign(number, to);
  const Decimal decimal = shortest(number);
  if (number == 0 || (decimal.exponent >= -3 && decimal.exponent < 7))
    return write_plain(decimal, to);
  to = write_fraction(decimal, to);
  *to++ = 'E';
  return std::to_chars(to, to + 5, decimal.exponent).ptr;
}

char* write_ruby_real(double number, char* to) {
  to = write_sign(number, to);
  const Decimal decimal = shortest(number);
  if (number == 0 || (decimal.exponent >= -4 && decimal.exponent < 16))
    return write_plain(decimal, to);
  to = write_fraction(decimal, to);
  *to++ = 'e';
  *to++ = decimal.exponent < 0 ? '-' : '+';
  const int exponent = std::abs(decimal.exponent);
  if (exponent < 10) *to++ = '0';
  return std::to_chars(to, to + 4, exponent).ptr;
}

}  // namespace millrace
