#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pipeline/plugin/option_describe.h"

/// What stands after the help text when an option is declared.
namespace millrace {

// Modifiers, in any number after the help text.
inline constexpr auto required = [](OptionRules& rules) { rules.required = true; };
/// Masked in messages and in the API, for a member that is not a Secret.
inline constexpr auto secret = [](OptionRules& rules) { rules.secret = true; };
/// Of a path: there must be something to read there when the configuration is loaded.
inline constexpr auto must_exist = [](OptionRules& rules) { rules.must_exist = true; };

// Bounds are inclusive; of a list they hold for each item.
template <typename T>
auto at_least(T bound) {
  return [bound](OptionRules& rules) { rules.at_least = bound_of(bound); };
}
template <typename T>
auto at_most(T bound) {
  return [bound](OptionRules& rules) { rules.at_most = bound_of(bound); };
}

/// Of strings: the texts that are allowed.
template <typename... T>
auto one_of(T... allowed) {
  return [list = std::vector<std::string>{allowed...}](OptionRules& rules) {
    for (const std::string& name : list) rules.choices.emplace_back(name, 0);
  };
}
/// Of an enum: the texts that are allowed, and what each means.
template <typename E>
auto choices(std::vector<std::pair<std::string, E>> allowed) {
  return [allowed](OptionRules& rules) {
    for (const auto& [name, value] : allowed)
      rules.choices.emplace_back(name, static_cast<std::int64_t>(value));
  };
}

/// Of a duration: what a number without a unit counts; seconds unless said.
inline auto bare_unit(std::chrono::milliseconds unit) {
  return [unit](OptionRules& rules) { rules.bare_unit = unit; };
}
/// Of a size: k, m, g count in powers of 1024 also without an i, as Logstash's settings do.
inline constexpr auto binary_units = [](OptionRules& rules) {
  rules.byte_units = ByteUnits::binary;
};
/// Works, with a warning that says what to use instead.
inline auto deprecated(std::string instead) {
  return [instead](OptionRules& rules) { rules.deprecated = instead; };
}
/// Read and checked, with a warning that says why it changes nothing here.
inline auto no_effect(std::string why) {
  return [why](OptionRules& rules) { rules.no_effect = why; };
}
/// An older name that is still read, with a warning.
inline auto also_called(std::string old_name) {
  return [old_name](OptionRules& rules) { rules.also_called = old_name; };
}
/// Shown as the default where the member's value does not say it: "number of cores".
inline auto default_text(std::string text) {
  return [text](OptionRules& rules) { rules.default_text = text; };
}

}  // namespace millrace
