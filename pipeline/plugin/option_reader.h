#pragma once

#include <concepts>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "pipeline/config/diagnostics.h"
#include "pipeline/plugin/option_types.h"

/// How a value of the configuration becomes a member of an options struct. options.h is what
/// plugins use.
namespace millrace {

/// What a declaration says about one option besides its type; filled by the modifiers of options.h.
struct OptionRules {
  bool required = false;
  bool secret = false;
  bool must_exist = false;
  std::optional<double> at_least;  // in the option's own unit: milliseconds for durations
  std::optional<double> at_most;
  std::vector<std::pair<std::string, std::int64_t>> choices;  // name and, for enums, the value
  std::chrono::milliseconds bare_unit{1000};
  ByteUnits byte_units = ByteUnits::decimal;
  std::string also_called;   // an older name
  std::string deprecated;    // what to use instead
  std::string no_effect;     // why it changes nothing
  std::string default_text;  // instead of the member's value
};

/// How several uses of one option in one plugin become one value.
enum class Repeat {
  refused,  ///< scalars: given twice is an error
  joined,   ///< lists: one list of all items
  merged,   ///< hashes: one hash of all entries
};

/// Reads one option. Each read() leaves `out` alone and reports a diagnostic at the value when it
/// returns false.
class OptionReader {
 public:
  /// `place` goes before every message: "grok: match".
  OptionReader(std::string place, const OptionRules& rules, config::Diagnostics& diagnostics)
      : place_(std::move(place)), rules_(rules), diagnostics_(diagnostics) {}

  bool read(const config::Value& value, bool& out);
  bool read(const config::Value& value, double& out);
  bool read(const config::Value& value, std::string& out);
  bool read(const config::Value& value, Secret& out);
  bool read(const config::Value& value, Bytes& out);
  bool read(const config::Value& value, std::chrono::milliseconds& out);
  bool read(const config::Value& value, std::filesystem::path& out);
  bool read(const config::Value& value, Hash& out);
  bool read(const config::Value& value, StringPairs& out);
  bool read(const config::Value& value, CodecChoice& out);
  bool read(const config::Value& value, config::Value& out);

  template <std::integral T>
  bool read(const config::Value& value, T& out) {
    std::int64_t wide = 0;
    const auto low = static_cast<std::int64_t>(std::numeric_limits<T>::min());
    const auto high = std::in_range<std::int64_t>(std::numeric_limits<T>::max())
                          ? static_cast<std::int64_t>(std::numeric_limits<T>::max())
                          : std::numeric_limits<std::int64_t>::max();
    if (!read_integer(value, low, high, wide)) return false;
    out = static_cast<T>(wide);
    return true;
  }

  template <typename T>
  requires std::is_enum_v<T>
  bool read(const config::Value& value, T& out) {
    std::int64_t chosen = 0;
    if (!read_choice(value, chosen)) return false;
    out = static_cast<T>(chosen);
    return true;
  }

  template <typename T>
  bool read(const config::Value& value, std::optional<T>& out) {
    T read_value{};
    if (!read(value, read_value)) return false;
    out = std::move(read_value);
    return true;
  }

  template <typename T>
  bool read(const config::Value& value, std::vector<T>& out) {
    std::vector<T> items;
    bool good = true;
    for (const config::Value& item : items_of(value)) {
      T element{};
      good = read(item, element) && good;
      items.push_back(std::move(element));
    }
    if (good) out = std::move(items);
    return good;
  }

 private:
  bool read_integer(const config::Value& value, std::int64_t low, std::int64_t high,
                    std::int64_t& out);
  bool read_choice(const config::Value& value, std::int64_t& out);
  bool within_bounds(const config::Value& value, double number, std::string_view unit);

  /// The scalar that `value` is or holds as its only item; nullptr, reported, otherwise.
  const config::Value* scalar(const config::Value& value, std::string_view expected);
  bool wrong(const config::Value& value, std::string_view expected, std::string hint = {});
  /// The items of an array; anything else is its own only item.
  static std::vector<config::Value> items_of(const config::Value& value);

  std::string place_;
  const OptionRules& rules_;
  config::Diagnostics& diagnostics_;
};

}  // namespace millrace
