#include "pipeline/plugin/option_describe.h"

#include <array>
#include <charconv>
#include <cmath>

namespace millrace {

std::string choice_text(std::string_view plain, const OptionRules& rules) {
  if (rules.choices.empty()) return std::string(plain);
  std::string out = "one of ";
  for (const auto& choice : rules.choices) {
    if (&choice != &rules.choices.front()) out += ", ";
    out += choice.first.empty() ? "\"\"" : choice.first;
  }
  return out;
}

std::string choice_name(std::int64_t value, const OptionRules& rules) {
  for (const auto& [name, meaning] : rules.choices) {
    if (meaning == value) return name;
  }
  return "";
}

std::string number_text(double value) {
  std::array<char, 64> buffer{};
  const bool whole =
      std::abs(value) < 1e15 && value == static_cast<double>(static_cast<std::int64_t>(value));
  const auto end =
      whole ? std::to_chars(buffer.begin(), buffer.end(), static_cast<std::int64_t>(value))
            : std::to_chars(buffer.begin(), buffer.end(), value);
  return std::string(buffer.data(), end.ptr);
}

std::string quoted_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else
      out += c;
  }
  return out + '"';
}

}  // namespace millrace
