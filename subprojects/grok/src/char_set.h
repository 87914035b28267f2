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
  void add_cases();

  bool contains(char32_t c) const;
  bool empty() const { return ranges_.empty(); }
  const std::vector<Range>& ranges() const { return ranges_; }
  bool operator==(const CharSet&) const = default;

 private:
  void normalise();
  std::vector<Range> ranges_;
};

/// What a POSIX bracket (`alnum`, `space`, ...) holds by Oniguruma's reading: all of Unicode, but
/// for `ascii` and `xdigit`. nullptr: there is none of that name. The set lives for ever;
/// thread-safe.
const CharSet* posix_set(std::string_view name);

}  // namespace grok
