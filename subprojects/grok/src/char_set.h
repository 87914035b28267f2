#pragma once

#include <string_view>
#include <vector>

namespace grok {

/// A set of characters (code points), as sorted ranges that neither overlap nor touch.
class CharSet {
 public:
  static constexpr char32_t kLast = 0x10ffff;

  struct Range {
    char32_t first, last;
    bool operator==(const Range&) const = default;
  };

  CharSet() = default;
  CharSet(std::initializer_list<Range> ranges);
  static CharSet all() { return {{0, kLast}}; }

  void add(char32_t first, char32_t last);
  void add(const CharSet& other);
  void intersect(const CharSet& other);
  void negate();
  /// Adds what differs from a character of the set only in case.
  void add_cases() { add_cases(*this); }
  /// The same, but from ASCII to what is outside of it (s to U+017F, k to U+212A) and back only
  /// from characters of `leaving`.
  void add_cases(const CharSet& leaving);

  bool contains(char32_t c) const;
  bool empty() const { return ranges_.empty(); }
  const std::vector<Range>& ranges() const { return ranges_; }
  bool operator==(const CharSet&) const = default;

 private:
  void normalise();
  void add_all_cases();
  void remove(char32_t c);
  std::vector<Range> ranges_;
};

/// What a POSIX bracket (`alnum`, `space`, ...) holds by Oniguruma's reading: all of Unicode, but
/// for `ascii` and `xdigit`. nullptr: there is none of that name. The set lives for ever;
/// thread-safe.
const CharSet* posix_set(std::string_view name);

/// What `\p{...}` holds, by a name in small letters without `_`, `-` and blanks: the POSIX names,
/// general categories (`lu`, `uppercaseletter`) and scripts (`greek`). As with posix_set().
const CharSet* property_set(std::string_view name);

/// What `\b` takes for a part of a word: `word`, and the superscripts and fractions of Latin-1,
/// which Joni's table of words has (seen with JRuby 9.4).
const CharSet& boundary_set();
/// The same in PCRE2's syntax, with its UTF mode: written out it would be 700 ranges.
inline constexpr const char* kBoundaryExpression =
    R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{b2}\x{b3}\x{b9}\x{bc}-\x{be}])";

}  // namespace grok
