#pragma once

#include <bitset>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/result.h"

namespace millrace {

/// A set of characters, written as between the brackets of a regular expression: `,;`, `a-z`,
/// `\s\t`, `^x` for all but x.
class CharClass {
 public:
  CharClass() = default;

  /// Errors: Errc::invalid naming the escape or the range that makes no sense.
  static Result<CharClass> parse(std::string_view text);

  /// Bytes of the character at `at` if it is in the set, else 0; 0 at the end.
  std::size_t match(std::string_view text, std::size_t at) const {
    if (at >= text.size()) return 0;
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80 || !has_wide_) return ascii_[byte] ? 1 : 0;
    return match_wide(text.substr(at));
  }

 private:
  std::size_t match_wide(std::string_view text) const;
  void add(char32_t first, char32_t last);
  Result<void> parse_item(std::string_view& rest);

  std::bitset<256> ascii_;  // of bytes from 0x80 on: whether they are in the set as a whole
  std::vector<std::pair<char32_t, char32_t>> wide_;  // ranges past ASCII
  bool has_wide_ = false;
  bool negated_ = false;
};

}  // namespace millrace
