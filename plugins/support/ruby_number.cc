#include "plugins/support/ruby_number.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "pipeline/event/digits.h"

namespace millrace {
namespace {

constexpr std::string_view kSpace = " \t\n\v\f\r";
constexpr std::string_view kSpaceOfReals = " \t\n\f\r";

}  // namespace

Value leading_integer(std::string_view text, Batch& batch) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  std::string digits;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    if (text[0] == '-') digits = "-";
    text.remove_prefix(1);
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool joins = text[i] == '_' && i > 0 && text[i - 1] != '_';
    if (!joins && !is_digit(text[i])) break;
    if (!joins) digits += text[i];
  }
  std::int64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (read.ec != std::errc::result_out_of_range) return Value::of(number);
  const std::size_t sign = digits[0] == '-';
  digits.erase(sign, digits.find_first_not_of('0', sign) - sign);  // JSON allows none of them
  return Value::number(batch.arena().copy(digits));
}

double leading_real(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaceOfReals), text.size()));
  std::size_t at = 0;
  std::string number;
  const auto sign = [&] {
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) number += text[at++];
  };
  const auto bars = [&] {
    while (at < text.size() && text[at] == '_') ++at;
  };
  const auto digits = [&] {
    const std::size_t begin = at;
    for (; at < text.size() && (is_digit(text[at]) || (at > begin && text[at] == '_')); ++at)
      if (text[at] != '_') number += text[at];
    return at > begin;
  };
  sign();
  const bool whole = digits();
  const std::size_t behind_whole = number.size();
  if (at < text.size() && text[at] == '.') {
    number += text[at++];
    bars();
    if (!digits()) number.resize(behind_whole), at = text.size();
  }
  if (!whole && number.size() == behind_whole) return 0;
  const std::size_t behind_fraction = number.size();
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    number += text[at++];
    bars();
    sign();
    bars();
    if (!digits()) number.resize(behind_fraction);
  }
  return std::strtod(number.c_str(), nullptr);
}

}  // namespace millrace
