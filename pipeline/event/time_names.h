#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The names of months and weekdays in one language (CLDR's forms for use within a date).
struct TimeNames {
  std::string_view language;  ///< ISO 639-1
  std::array<std::string_view, 12> months;
  std::array<std::string_view, 12> short_months;
  std::array<std::string_view, 7> weekdays;  ///< from Monday
  std::array<std::string_view, 7> short_weekdays;
  /// Further forms seen in logs: older or without their dot. `number` is that of the month.
  struct Variant {
    std::string_view name;
    int number;
  };
  std::span<const Variant> month_variants;
};

/// English, which times are printed in.
const TimeNames& english_names();

/// The names of a locale such as `fr`, `fr_FR`, `de-DE` or `pt_BR.UTF-8`: its language alone
/// decides. Null: a language that is not built in.
const TimeNames* find_names(std::string_view locale);

/// `de, en, es, ...`: the languages built in.
std::string known_languages();

/// Texts that stand for numbers, found at the start of a text whatever their case.
class NameTable {
 public:
  void add(std::string_view name, int value);

  struct Match {
    int value = 0;
    std::size_t length = 0;  ///< bytes
  };
  /// The longest name that `text` starts with.
  std::optional<Match> match(std::string_view text) const;

 private:
  struct Name {
    std::string folded;
    int value;
  };
  std::vector<Name> names_;  // by first byte, longest first
  std::array<std::uint16_t, 257>
      first_{};  // names that begin with byte b: first_[b] up to first_[b + 1]
};

/// What MMM and EEE read: the full and the short forms, the short ones also without their dot.
NameTable month_table(const TimeNames& names);
NameTable weekday_table(const TimeNames& names);

}  // namespace millrace
