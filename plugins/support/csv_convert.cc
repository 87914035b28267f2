#include "plugins/support/csv_convert.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "pipeline/event/digits.h"

namespace millrace {
namespace {

std::vector<DateParser> formats(std::initializer_list<std::string_view> patterns) {
  std::vector<DateParser> out;
  for (const std::string_view pattern : patterns)
    if (auto parser = DateParser::compile(pattern)) out.push_back(std::move(*parser));
  return out;
}

std::string_view stripped(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_alnum(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

/// The text without its underscores, each of which must stand between two digits or letters.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out.push_back(text[i]);
    } else if (i == 0 || i + 1 == text.size() || !is_alnum(text[i - 1]) || !is_alnum(text[i + 1])) {
      return std::nullopt;
    }
  }
  return out;
}

/// Takes a prefix such as `0x` off, and says which base it means.
int take_base(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  const char letter = static_cast<char>(digits[1] | 0x20);
  const int base = letter == 'x' ? 16 : letter == 'b' ? 2 : letter == 'd' ? 10 : 8;
  digits.remove_prefix(is_digit(digits[1]) ? 1 : 2);
  return letter == 'o' || is_digit(letter) || base != 8 ? base : 0;
}

/// Ruby's Integer(): white space around, a sign, a base by its prefix, underscores.
std::optional<Value> read_integer(std::string_view text, Batch& batch) {
  const auto plain = without_underscores(stripped(text));
  if (!plain) return std::nullopt;
  std::string_view digits = *plain;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  const int base = take_base(digits);
  if (base == 0 || digits.empty() || !is_alnum(digits[0])) return std::nullopt;
  const std::string signed_digits = (negative ? "-" : "") + std::string(digits);
  std::int64_t number = 0;
  const char* const end = signed_digits.data() + signed_digits.size();
  const auto read = std::from_chars(signed_digits.data(), end, number, base);
  if (read.ptr != end) return std::nullopt;
  if (read.ec == std::errc()) return Value::of(number);
  if (base != 10) return std::nullopt;
  return Value::number(batch.arena().copy(signed_digits));
}

/// Ruby's Float(): as above, decimal only.
std::optional<Value> read_real(std::string_view text) {
  const auto plain = without_underscores(stripped(text));
  if (!plain) return std::nullopt;
  std::string_view digits = *plain;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  const std::size_t point = digits.find('.');
  const bool starts_well =
      first < digits.size() && (is_digit(digits[first]) || digits[first] == '.');
  const bool point_ends_well =
      point == std::string_view::npos || (point + 1 < digits.size() && is_digit(digits[point + 1]));
  double number = 0;
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, number);
  if (!starts_well || !point_ends_well || read.ec != std::errc() || read.ptr != end)
    return std::nullopt;
  return Value::of(number);
}

/// `true`, `false`, or the text in lower case without white space around it.
Value read_boolean(std::string_view text, Batch& batch) {
  std::string lower(stripped(text));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower == "true" || lower == "false") return Value::of(lower == "true");
  return batch.copy(lower);
}

/// `yyyy-MM-dd`, and unless `date_only` also with `THH:mm`, with `:ss` behind it, and then with a
/// fraction and an offset `+HH:mm`; a space will do for the T. Ruby's library looks at no other
/// forms.
std::optional<Timestamp> read_iso(std::string_view text, const Zone& zone, bool date_only) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  const std::size_t shaped = std::min(text.size(), kShape.size());
  for (std::size_t i = 0; i < shaped; ++i) {
    const bool fits = kShape[i] == '0'   ? is_digit(text[i])
                      : kShape[i] == 'T' ? text[i] == 'T' || text[i] == ' '
                                         : text[i] == kShape[i];
    if (!fits) return std::nullopt;
  }
  const bool has_end =
      text.size() == 10 || (!date_only && (text.size() == 16 || text.size() >= 19));
  if (!has_end) return std::nullopt;
  const std::string_view rest = text.substr(shaped);
  const std::size_t offset = rest.find_first_of("+-");
  const bool offset_fits =
      offset == std::string_view::npos || (rest.size() - offset == 6 && rest[offset + 3] == ':');
  if (!offset_fits || rest.find_first_of(" ,z") != std::string_view::npos) return std::nullopt;
  const auto time = parse_iso8601(text, zone);
  return time ? std::optional(floor_to_millis(*time)) : std::nullopt;
}

}  // namespace

std::optional<CsvType> csv_type(std::string_view name) {
  constexpr std::pair<std::string_view, CsvType> kTypes[] = {
      {"integer", CsvType::integer},     {"float", CsvType::real},      {"date", CsvType::date},
      {"date_time", CsvType::date_time}, {"boolean", CsvType::boolean},
  };
  for (const auto& [known, type] : kTypes)
    if (known == name) return type;
  return std::nullopt;
}

CsvConverter::CsvConverter()
    : dates_(formats({"MMM d yyyy", "MMM d, yyyy", "EEE MMM d yyyy", "EEE, MMM d, yyyy",
                      "EEE MMM d, yyyy", "EEE, MMM d yyyy"})),
      date_times_(formats({"MMM d HH:mm:ss yyyy", "MMM d HH:mm:ss, yyyy", "EEE MMM d HH:mm:ss yyyy",
                           "EEE, MMM d HH:mm:ss, yyyy"})),
      local_(host_zone()) {}

Value CsvConverter::read_date(const std::vector<DateParser>& parsers, const Zone& zone,
                              const Value& cell) const {
  const DateContext context{zone, Timestamp{0}};  // all formats say the year
  for (const DateParser& parser : parsers)
    if (const auto read = parser.parse(cell.text(), context)) return Value::of(*read);
  return cell;
}

Value CsvConverter::convert(CsvType type, const Value& cell, Batch& batch) const {
  if (!cell.is_string()) return cell;
  switch (type) {
    case CsvType::text:
      return cell;
    case CsvType::integer:
      return read_integer(cell.text(), batch).value_or(cell);
    case CsvType::real:
      return read_real(cell.text()).value_or(cell);
    case CsvType::date:
      if (const auto read = read_iso(cell.text(), local_, true)) return Value::of(*read);
      return read_date(dates_, local_, cell);
    case CsvType::date_time:
      if (const auto read = read_iso(cell.text(), Zone(), false)) return Value::of(*read);
      return read_date(date_times_, Zone(), cell);
    case CsvType::boolean:
      return read_boolean(cell.text(), batch);
  }
  return cell;
}

}  // namespace millrace
