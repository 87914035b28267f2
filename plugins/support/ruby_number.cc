#include "plugins/support/ruby_number.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

namespace millrace {
namespace {

constexpr std::string_view kSpace = " \t\n\v\f\r";

}  // namespace

Value leading_integer(std::string_view text, Batch& batch) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc::result_out_of_range) return Value::of(number);
  std::string digits(text.substr(0, static_cast<std::size_t>(read.ptr - text.data())));
  const std::size_t sign = digits[0] == '-';
  digits.erase(sign, digits.find_first_not_of('0', sign) - sign);  // JSON allows none of them
  return Value::number(batch.arena().copy(digits));
}

double leading_real(const std::string& text) {
  const std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+');
  if (text.size() <= at || (!std::isdigit(static_cast<unsigned char>(text[at])) && text[at] != '.'))
    return 0;
  return std::strtod(text.c_str(), nullptr);
}

}  // namespace millrace
