#include "plugins/filters/dissect_convert.h"

#include <charconv>
#include <cmath>
#include <string>

namespace millrace {
namespace {

/// Longest number that is written out: 1e999999999 must not become a gigabyte of zeros.
constexpr std::int64_t kMostDigits = 1000;

struct Decimal {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;
};

std::string_view take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

bool take_sign(std::string_view& text) {
  if (text.empty() || (text[0] != '-' && text[0] != '+')) return false;
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  return negative;
}

std::optional<Decimal> parse(std::string_view text) {
  Decimal out;
  out.negative = take_sign(text);
  out.whole = take_digits(text);
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    out.fraction = take_digits(text);
  }
  if (out.whole.empty() && out.fraction.empty()) return std::nullopt;
  if (text.empty()) return out;
  if (text[0] != 'e' && text[0] != 'E') return std::nullopt;
  text.remove_prefix(1);
  const bool below_one = take_sign(text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.exponent);
  if (error != std::errc() || end != text.data() + text.size() || out.exponent < 0)
    return std::nullopt;
  if (below_one) out.exponent = -out.exponent;
  return out;
}

/// The digits before the point, without leading zeros; "" for zero.
std::optional<std::string> whole_digits(const Decimal& number) {
  const auto point = static_cast<std::int64_t>(number.whole.size()) + number.exponent;
  std::string digits(number.whole);
  digits += number.fraction;
  const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  if (zeros == digits.size() || point <= 0) return std::string();
  if (point - static_cast<std::int64_t>(zeros) > kMostDigits) return std::nullopt;
  digits.resize(static_cast<std::size_t>(point), '0');
  return digits.substr(std::min(zeros, digits.size()));
}

/// The text of a number or a string in `room`; nullopt for what cannot be a number.
std::optional<std::string_view> number_text(const Value& value, std::span<char> room) {
  if (value.is_string() || value.type() == Type::number_text) return value.text();
  std::to_chars_result written{room.data(), std::errc()};
  if (value.type() == Type::integer) {
    written = std::to_chars(room.data(), room.data() + room.size(), value.integer());
  } else if (value.type() == Type::real && std::isfinite(value.real())) {
    written = std::to_chars(room.data(), room.data() + room.size(), value.real());
  } else {
    return std::nullopt;
  }
  return std::string_view(room.data(), static_cast<std::size_t>(written.ptr - room.data()));
}

}  // namespace

std::optional<Value> to_whole_number(const Value& value, Batch& batch) {
  if (value.type() == Type::integer) return value;
  char room[64];
  const auto text = number_text(value, room);
  const auto number = text ? parse(*text) : std::nullopt;
  auto digits = number ? whole_digits(*number) : std::nullopt;
  if (!digits) return std::nullopt;
  if (digits->empty()) return Value::of(std::int64_t{0});
  if (number->negative) digits->insert(0, "-");
  std::int64_t small = 0;
  const auto read = std::from_chars(digits->data(), digits->data() + digits->size(), small);
  if (read.ec == std::errc()) return Value::of(small);
  return Value::number(batch.arena().copy(*digits));
}

std::optional<Value> to_real_number(const Value& value) {
  char room[64];
  auto text = number_text(value, room);
  if (!text || !parse(*text)) return std::nullopt;
  if (text->starts_with('+')) text->remove_prefix(1);  // from_chars does not know it
  double number = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  return Value::of(number);
}

}  // namespace millrace
