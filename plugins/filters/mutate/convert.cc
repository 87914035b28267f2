#include "plugins/filters/mutate/convert.h"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "pipeline/event/utf8.h"
#include "plugins/support/ruby_number.h"
#include "plugins/support/ruby_text.h"

namespace millrace::mutate {
namespace {

constexpr int kMostDigits = 400;  // of a whole number: what a double can reach and some more

/// Without grouping, with a decimal point.
std::string plain(std::string_view text, Grouping grouping) {
  const char group = grouping == Grouping::comma ? ',' : '.';
  std::string out;
  for (char c : text) {
    if (c == group || c == '_') continue;
    out += grouping == Grouping::point && c == ',' ? '.' : c;
  }
  out.erase(0, out.find_first_not_of(" \t\r\n"));
  return out;
}

bool is_hexadecimal(const std::string& text) {
  const std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+');
  return text.size() > at + 2 && text[at] == '0' && (text[at + 1] | 0x20) == 'x' &&
         std::isxdigit(static_cast<unsigned char>(text[at + 2]));
}

/// As String#to_f reads it, but hexadecimal digits behind `0x` too.
double real_of(const std::string& text) {
  return is_hexadecimal(text) ? std::strtod(text.c_str(), nullptr) : leading_real(text);
}

/// nullopt: infinite.
std::optional<Value> whole(double number, Batch& batch) {
  if (!std::isfinite(number)) return std::nullopt;
  number = std::trunc(number);
  if (number >= -9223372036854775808.0 && number < 9223372036854775808.0)
    return Value::of(static_cast<std::int64_t>(number));
  char digits[kMostDigits];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed, 0).ptr;
  return Value::number(batch.arena().copy({digits, static_cast<std::size_t>(end - digits)}));
}

/// A decimal text cut to its whole part, exactly, whatever its size. nullopt: more digits than
/// kMostDigits.
std::optional<Value> exact_whole(const std::string& text, Batch& batch) {
  std::size_t at = 0;
  std::string sign;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
    if (text[at] == '-') sign = "-";
    ++at;
  }
  std::string digits;
  int point = 0;  // digits before the decimal point
  bool fraction = false;
  for (; at < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[at])) || (text[at] == '.' && !fraction));
       ++at) {
    if (text[at] == '.') {
      fraction = true;
      continue;
    }
    digits += text[at];
    if (!fraction) ++point;
  }
  if (!digits.empty() && at + 1 < text.size() && (text[at] | 0x20) == 'e') {
    long exponent = 0;
    const char* from = text.data() + at + 1 + (text[at + 1] == '+');
    const auto read = std::from_chars(from, text.data() + text.size(), exponent);
    if (read.ec == std::errc::result_out_of_range || std::labs(exponent) > kMostDigits)
      return std::nullopt;
    if (read.ec == std::errc()) point += static_cast<int>(exponent);
  }
  if (point > kMostDigits) return std::nullopt;
  digits.resize(static_cast<std::size_t>(std::max(point, 0)), '0');
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return Value::of(std::int64_t{0});
  const std::string number = sign + digits;
  std::int64_t small = 0;
  if (std::from_chars(number.data(), number.data() + number.size(), small).ec == std::errc())
    return Value::of(small);
  return Value::number(batch.arena().copy(number));
}

/// The common case: nothing but a number that needs no rewriting.
template <typename Number>
std::optional<Number> exactly(std::string_view text) {
  Number number{};
  const std::size_t first = !text.empty() && text[0] == '-';
  if (text.size() <= first || !std::isdigit(static_cast<unsigned char>(text[first])))
    return std::nullopt;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

/// Whether a line of `text` is `digit`, or `digit`, any character and 0: the point of Logstash's
/// `1.0` is that of a regular expression.
bool is_digit_or_like_decimal(std::string_view line, char digit) {
  if (!line.starts_with(digit)) return false;
  line.remove_prefix(1);
  return line.empty() || (line.ends_with('0') && utf8_length(line) + 1 == line.size());
}

bool is_one_of(std::string_view line, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) {
    return line.size() == std::string_view(word).size() &&
           strncasecmp(line.data(), word, line.size()) == 0;
  });
}

/// nullopt: the text is neither. Logstash looks at each line of it.
std::optional<bool> truth_of(std::string_view text) {
  if (text.empty()) return false;
  bool no = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (is_one_of(line, {"true", "t", "yes", "y"}) || is_digit_or_like_decimal(line, '1'))
      return true;
    no = no || is_one_of(line, {"false", "f", "no", "n"}) || is_digit_or_like_decimal(line, '0');
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return no ? std::optional(false) : std::nullopt;
}

}  // namespace

std::optional<Value> to_integer(const Value& value, Grouping grouping, Batch& batch) {
  switch (value.type()) {
    case Type::boolean:
      return Value::of(std::int64_t{value.boolean()});
    case Type::integer:
      return value;
    case Type::real:
      return whole(value.real(), batch);
    case Type::timestamp:
      return Value::of(epoch_seconds(value.timestamp()));
    case Type::number_text:
      return exact_whole(std::string(value.text()), batch);
    case Type::string: {
      if (const auto number = exactly<std::int64_t>(value.text())) return Value::of(*number);
      const std::string text = plain(value.text(), grouping);
      return is_hexadecimal(text) ? whole(real_of(text), batch) : exact_whole(text, batch);
    }
    default:
      return std::nullopt;
  }
}

std::optional<Value> to_float(const Value& value, Grouping grouping) {
  switch (value.type()) {
    case Type::boolean:
      return Value::of(value.boolean() ? 1.0 : 0.0);
    case Type::integer:
    case Type::number_text:
    case Type::real:
      return Value::of(value.as_double());
    case Type::timestamp:
      return Value::of(static_cast<double>(value.timestamp().ns) / 1e9);
    case Type::string:
      if (grouping == Grouping::comma)
        if (const auto number = exactly<double>(value.text())) return Value::of(*number);
      return Value::of(real_of(plain(value.text(), grouping)));
    default:
      return std::nullopt;
  }
}

Value to_boolean(const Value& value, Batch& batch) {
  if (value.is_null() || value.is_object() || value.is_array()) return value;
  Buffer shown;
  if (!value.is_string()) append_to_s(batch, value, shown);
  const auto truth = truth_of(value.is_string() ? value.text() : shown.view());
  return truth ? Value::of(*truth) : value;
}

std::optional<Value> to_string(const Value& value, Batch& batch) {
  if (value.is_string()) return value;
  if (value.is_null()) return std::nullopt;
  Buffer text;
  append_to_s(batch, value, text);
  return batch.copy(text.view());
}

}  // namespace millrace::mutate
