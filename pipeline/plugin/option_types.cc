#include "pipeline/plugin/option_types.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "pipeline/event/real_text.h"

namespace millrace {
namespace {

struct Quantity {
  double number = 0;
  bool whole = false;
  std::uint64_t count = 0;  // the number, where it is whole
  std::string unit;         // lower case
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// "12", "1.5 h": number, then unit.
std::optional<Quantity> parse_quantity(std::string_view text) {
  text = trimmed(text);
  const std::size_t digits = text.find_first_not_of("-0123456789.");
  const std::string_view number = text.substr(0, digits);
  if (number.empty() || number.size() > 30) return std::nullopt;
  Quantity out;
  const auto read = std::from_chars(number.begin(), number.end(), out.number);
  if (read.ec != std::errc() || read.ptr != number.end()) return std::nullopt;
  const auto count = std::from_chars(number.begin(), number.end(), out.count);
  out.whole = count.ec == std::errc() && count.ptr == number.end();
  if (digits != std::string_view::npos) out.unit = lower(trimmed(text.substr(digits)));
  return out;
}

/// The factor of a unit: b, k, kb, ki, kib, m, ...; 0 for none of them.
std::uint64_t byte_factor(std::string_view unit, ByteUnits units) {
  if (unit.empty() || unit == "b") return 1;
  const std::size_t power = std::string_view("kmgtpe").find(unit.front());
  if (power == std::string_view::npos) return 0;
  const std::string_view rest = unit.substr(1);
  const bool binary = rest == "i" || rest == "ib";
  if (!binary && !rest.empty() && rest != "b") return 0;
  std::uint64_t factor = 1;
  const std::uint64_t base = binary || units == ByteUnits::binary ? 1024 : 1000;
  for (std::size_t i = 0; i <= power; ++i) factor *= base;
  return factor;
}

struct DurationUnit {
  double milliseconds;
  std::array<std::string_view, 5> names;
};

constexpr double kSecond = 1000;
constexpr double kDay = 24 * 3600 * kSecond;
constexpr double kLongestDuration = 10'000 * 365.25 * kDay;

constexpr std::array<DurationUnit, 7> kDurationUnits{{
    {0.001, {"us", "usec", "usecs", "", ""}},
    {1, {"ms", "msec", "msecs", "millisecond", "milliseconds"}},
    {kSecond, {"s", "sec", "secs", "second", "seconds"}},
    {60 * kSecond, {"m", "min", "mins", "minute", "minutes"}},
    {3600 * kSecond, {"h", "hour", "hours", "", ""}},
    {kDay, {"d", "day", "days", "", ""}},
    {7 * kDay, {"w", "week", "weeks", "", ""}},
}};

std::optional<double> duration_factor(std::string_view unit) {
  for (const DurationUnit& known : kDurationUnits) {
    if (std::find(known.names.begin(), known.names.end(), unit) != known.names.end()) {
      return known.milliseconds;
    }
  }
  return std::nullopt;
}

/// A number's text as Logstash reads and shows it: 1.50 is "1.5", 007 is "7".
std::string text_of(const config::Value& value) {
  if (value.kind != config::ValueKind::number) return value.text;
  std::string_view digits = value.text;
  if (digits.find('.') != std::string_view::npos) {
    if (digits.ends_with('.')) digits.remove_suffix(1);
    double number = 0;
    const auto read = std::from_chars(digits.begin(), digits.end(), number);
    char text[kRealTextBytes];
    return read.ec == std::errc() ? std::string(text, write_ruby_real(number, text)) : value.text;
  }
  const bool negative = digits.starts_with('-');
  digits.remove_prefix(std::min(digits.find_first_not_of("-0"), digits.size() - 1));
  return (negative && digits != "0" ? "-" : "") + std::string(digits);
}

}  // namespace

Result<Bytes> parse_bytes(std::string_view text, ByteUnits units) {
  const auto quantity = parse_quantity(text);
  const std::uint64_t factor = quantity ? byte_factor(quantity->unit, units) : 0;
  if (factor == 0 || quantity->number < 0) {
    return fail(Errc::invalid, "expected a size such as 10mb or 5 MiB");
  }
  const double bytes = quantity->number * static_cast<double>(factor);
  if (bytes >= 9.2e18) return fail(Errc::invalid, "expected a size below 8 EiB");
  if (quantity->whole) return Bytes{quantity->count * factor};
  return Bytes{static_cast<std::uint64_t>(bytes)};
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                 std::chrono::milliseconds bare_unit) {
  const auto quantity = parse_quantity(text);
  std::optional<double> factor;
  if (quantity && quantity->unit.empty()) factor = static_cast<double>(bare_unit.count());
  if (quantity && !quantity->unit.empty()) factor = duration_factor(quantity->unit);
  if (!factor)
    return fail(Errc::invalid, "expected a duration such as 30, \"5 minutes\" or \"500 ms\"");
  const double total = quantity->number * *factor;
  if (std::abs(total) > kLongestDuration) {
    return fail(Errc::invalid, "expected a duration below 10000 years");
  }
  return std::chrono::milliseconds(std::llround(total));
}

std::string format_duration(std::chrono::milliseconds duration) {
  struct Unit {
    std::int64_t milliseconds;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}}};
  const std::int64_t count = duration.count();
  for (const Unit& unit : kUnits) {
    if (count != 0 && count % unit.milliseconds == 0) {
      return std::to_string(count / unit.milliseconds) + unit.name;
    }
  }
  return count == 0 ? "0s" : std::to_string(count) + "ms";
}

std::string format_bytes(Bytes bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::uint64_t count = bytes.count;
  std::size_t unit = 0;
  while (count != 0 && count % 1024 == 0 && unit + 1 < kUnits.size()) {
    count /= 1024;
    ++unit;
  }
  return std::to_string(count) + " " + kUnits[unit];
}

const config::HashEntry* Hash::find(std::string_view key) const {
  const auto at = std::find_if(entries.begin(), entries.end(),
                               [&](const config::HashEntry& entry) { return entry.key == key; });
  return at == entries.end() ? nullptr : &*at;
}

Result<std::vector<std::string>> texts(const config::Value& value) {
  if (value.is_scalar()) return std::vector<std::string>{text_of(value)};
  if (value.kind != config::ValueKind::array) {
    return fail(Errc::invalid, "expected a string or an array of strings, got " + show(value));
  }
  std::vector<std::string> out;
  for (const config::Value& item : value.items) {
    if (!item.is_scalar()) return fail(Errc::invalid, "expected a string, got " + show(item));
    out.push_back(text_of(item));
  }
  return out;
}

}  // namespace millrace
