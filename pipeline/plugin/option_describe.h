#pragma once

#include <string>

#include "pipeline/plugin/option_reader.h"

/// What the reference pages and the binder need to know about the type of an option's member.
namespace millrace {

inline double bound_of(Bytes bound) { return static_cast<double>(bound.count); }
inline double bound_of(std::chrono::milliseconds bound) {
  return static_cast<double>(bound.count());
}
template <typename T>
requires std::is_arithmetic_v<T>
double bound_of(T bound) { return static_cast<double>(bound); }

/// `plain`, or "one of a, b" where the rules list choices.
std::string choice_text(std::string_view plain, const OptionRules& rules);
/// The name of an enum's value.
std::string choice_name(std::int64_t value, const OptionRules& rules);
/// A number in its shortest form.
std::string number_text(double value);
/// `"text"`, line breaks and tabs shown as \n and \t.
std::string quoted_text(std::string_view text);

/// Each has text(rules), the type's name; show(value, rules), a default as it would be written, ""
/// for none; kRepeat.
template <typename T>
struct OptionType;

struct ScalarOption {
  static constexpr Repeat kRepeat = Repeat::refused;
};

template <>
struct OptionType<bool> : ScalarOption {
  static std::string text(const OptionRules&) { return "boolean"; }
  static std::string show(bool value, const OptionRules&) { return value ? "true" : "false"; }
};

template <std::integral T>
struct OptionType<T> : ScalarOption {
  static std::string text(const OptionRules&) { return "whole number"; }
  static std::string show(T value, const OptionRules&) { return std::to_string(value); }
};

template <>
struct OptionType<double> : ScalarOption {
  static std::string text(const OptionRules&) { return "number"; }
  static std::string show(double value, const OptionRules&) { return number_text(value); }
};

template <>
struct OptionType<std::string> : ScalarOption {
  static std::string text(const OptionRules& rules) {
    return choice_text(rules.secret ? "password" : "string", rules);
  }
  static std::string show(const std::string& value, const OptionRules&) {
    return value.empty() ? "" : quoted_text(value);
  }
};

template <>
struct OptionType<Secret> : ScalarOption {
  static std::string text(const OptionRules&) { return "password"; }
  static std::string show(const Secret& value, const OptionRules&) {
    return std::string(value.masked());
  }
};

template <>
struct OptionType<Bytes> : ScalarOption {
  static std::string text(const OptionRules&) { return "size"; }
  static std::string show(Bytes value, const OptionRules&) { return format_bytes(value); }
};

template <>
struct OptionType<std::chrono::milliseconds> : ScalarOption {
  static std::string text(const OptionRules&) { return "duration"; }
  static std::string show(std::chrono::milliseconds value, const OptionRules&) {
    return format_duration(value);
  }
};

template <>
struct OptionType<std::filesystem::path> : ScalarOption {
  static std::string text(const OptionRules&) { return "path"; }
  static std::string show(const std::filesystem::path& value, const OptionRules&) {
    return value.string();
  }
};

template <typename T>
requires std::is_enum_v<T>
struct OptionType<T> : ScalarOption {
  static std::string text(const OptionRules& rules) { return choice_text("", rules); }
  static std::string show(T value, const OptionRules& rules) {
    return choice_name(static_cast<std::int64_t>(value), rules);
  }
};

template <>
struct OptionType<Hash> {
  static constexpr Repeat kRepeat = Repeat::merged;
  static std::string text(const OptionRules&) { return "hash"; }
  static std::string show(const Hash& value, const OptionRules&) {
    return value.empty() ? "{}" : "{ ... }";
  }
};

template <>
struct OptionType<StringPairs> {
  static constexpr Repeat kRepeat = Repeat::merged;
  static std::string text(const OptionRules&) { return "hash of strings"; }
  static std::string show(const StringPairs& value, const OptionRules&) {
    return value.empty() ? "{}" : "{ ... }";
  }
};

template <>
struct OptionType<CodecChoice> : ScalarOption {
  static std::string text(const OptionRules&) { return "codec"; }
  static std::string show(const CodecChoice& value, const OptionRules&) {
    return value.plugin.name;
  }
};

template <>
struct OptionType<config::Value> {
  static constexpr Repeat kRepeat = Repeat::joined;
  static std::string text(const OptionRules&) { return "any value"; }
  static std::string show(const config::Value&, const OptionRules&) { return ""; }
};

template <typename T>
struct OptionType<std::optional<T>> {
  static constexpr Repeat kRepeat = OptionType<T>::kRepeat;
  static std::string text(const OptionRules& rules) { return OptionType<T>::text(rules); }
  static std::string show(const std::optional<T>& value, const OptionRules& rules) {
    return value ? OptionType<T>::show(*value, rules) : "";
  }
};

template <typename T>
struct OptionType<std::vector<T>> {
  static constexpr Repeat kRepeat = Repeat::joined;
  static std::string text(const OptionRules& rules) {
    return "list of " + OptionType<T>::text(rules);
  }
  static std::string show(const std::vector<T>& items, const OptionRules& rules) {
    std::string out = "[";
    for (const T& item : items)
      out += (out.size() > 1 ? ", " : "") + OptionType<T>::show(item, rules);
    return out + "]";
  }
};

}  // namespace millrace
