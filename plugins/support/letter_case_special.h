#pragma once

#include <string_view>

namespace millrace {

/// A letter whose capital is several characters, or not the one it begins a capitalized text with.
struct SpecialCase {
  char32_t letter;
  std::string_view upper;
  std::string_view title;  ///< at the begin of a capitalized text
};

/// By Unicode's SpecialCasing.txt, as Ruby follows it. nullptr: nothing special about `letter`.
const SpecialCase* special_case(char32_t letter);

}  // namespace millrace
