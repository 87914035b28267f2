#include "char_set.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "utf8.h"

namespace grok {
namespace {

struct Named {
  std::string_view name;
  const char* expression;  // in PCRE2's syntax, which brings the Unicode tables
};

// Oniguruma's doc/RE lists the general categories; its tables (enc/unicode) use the derived
// properties where there are some.
constexpr std::array<Named, 14> kNamed{{{"alnum", R"([\p{Alphabetic}\p{Nd}])"},
                                        {"alpha", R"(\p{Alphabetic})"},
                                        {"ascii", R"([\x00-\x7f])"},
                                        {"blank", R"([\t\p{Zs}])"},
                                        {"cntrl", R"(\p{Cc})"},
                                        {"digit", R"(\p{Nd})"},
                                        {"graph", R"([^\p{White_Space}\p{Cc}\p{Cn}\p{Cs}])"},
                                        {"lower", R"(\p{Lowercase})"},
                                        {"print", R"([^\x{2028}\x{2029}\p{Cc}\p{Cn}\p{Cs}])"},
                                        {"punct", R"([\p{P}$+<=>^`|~])"},
                                        {"space", R"(\p{White_Space})"},
                                        {"upper", R"(\p{Uppercase})"},
                                        {"word", R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}])"},
                                        {"xdigit", "[0-9A-Fa-f]"}}};

constexpr char32_t kLongS = 0x17f, kKelvin = 0x212a;  // Unicode folds them to s and k

struct Category {
  std::string_view letters;
  std::string_view name;
};
/// The Unicode Standard, table 4-4, as `\p{...}` names them in any case.
constexpr std::array<Category, 38> kCategories{{{"l", "letter"},
                                                {"lu", "uppercaseletter"},
                                                {"ll", "lowercaseletter"},
                                                {"lt", "titlecaseletter"},
                                                {"lm", "modifierletter"},
                                                {"lo", "otherletter"},
                                                {"m", "mark"},
                                                {"mn", "nonspacingmark"},
                                                {"mc", "spacingmark"},
                                                {"me", "enclosingmark"},
                                                {"n", "number"},
                                                {"nd", "decimalnumber"},
                                                {"nl", "letternumber"},
                                                {"no", "othernumber"},
                                                {"p", "punctuation"},
                                                {"pc", "connectorpunctuation"},
                                                {"pd", "dashpunctuation"},
                                                {"ps", "openpunctuation"},
                                                {"pe", "closepunctuation"},
                                                {"pi", "initialpunctuation"},
                                                {"pf", "finalpunctuation"},
                                                {"po", "otherpunctuation"},
                                                {"s", "symbol"},
                                                {"sm", "mathsymbol"},
                                                {"sc", "currencysymbol"},
                                                {"sk", "modifiersymbol"},
                                                {"so", "othersymbol"},
                                                {"z", "separator"},
                                                {"zs", "spaceseparator"},
                                                {"zl", "lineseparator"},
                                                {"zp", "paragraphseparator"},
                                                {"c", "other"},
                                                {"cc", "control"},
                                                {"cf", "format"},
                                                {"cn", "unassigned"},
                                                {"co", "privateuse"},
                                                {"cs", "surrogate"},
                                                {"any", "any"}}};

bool is_surrogate(char32_t c) { return c >= 0xd800 && c <= 0xdfff; }

/// Every character, in order, once.
std::string every_character() {
  std::string text;
  text.reserve(std::size_t{4} << 20);
  for (char32_t c = 0; c <= CharSet::kLast; ++c) {
    if (!is_surrogate(c)) append_utf8(c, text);
  }
  return text;
}

CharSet scan(const char* expression) {
  CharSet set;
  const std::string repeated = std::string(expression) + "++";
  int error = 0;
  PCRE2_SIZE at = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(repeated.data()), repeated.size(),
                                   PCRE2_UTF | PCRE2_NO_UTF_CHECK, &error, &at, nullptr);
  if (!code) return set;
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  const std::string text = every_character();
  const auto* bytes = reinterpret_cast<PCRE2_SPTR>(text.data());
  const auto* begin = reinterpret_cast<const unsigned char*>(text.data());
  PCRE2_SIZE from = 0;
  while (pcre2_match(code, bytes, text.size(), from, PCRE2_NO_UTF_CHECK, data, nullptr) > 0) {
    const PCRE2_SIZE* span = pcre2_get_ovector_pointer(data);
    const unsigned char* last = previous_char(begin, begin + span[1]);
    set.add(decode(begin + span[0]).code, decode(last).code);
    from = span[1];
  }
  pcre2_match_data_free(data);
  pcre2_code_free(code);
  return set;
}

/// The set with all cases, by PCRE2's tables; those made before are remembered.
CharSet scan_cases(const CharSet& set) {
  constexpr std::size_t kMaxRemembered = 1000;
  static std::mutex mutex;
  static std::map<std::string, CharSet> made;  // guarded by mutex
  std::string expression = "(?i)[";
  for (const CharSet::Range& range : set.ranges()) {
    // PCRE2 refuses surrogates, which no text has.
    const char32_t first = is_surrogate(range.first) ? 0xe000 : range.first;
    const char32_t last = is_surrogate(range.last) ? 0xd7ff : range.last;
    if (first > last) continue;
    char text[32];
    std::snprintf(text, sizeof text, "\\x{%x}-\\x{%x}", static_cast<unsigned>(first),
                  static_cast<unsigned>(last));
    expression += text;
  }
  expression += "]";
  std::lock_guard lock(mutex);
  if (made.size() >= kMaxRemembered) made.clear();
  const auto [found, fresh] = made.try_emplace(expression);
  if (fresh) found->second = scan(expression.c_str());
  return found->second;
}

/// What `expression` takes; nullptr: nothing, or PCRE2 does not know it. Made once; it lives for
/// ever, the number of them is bounded by the names there are.
const CharSet* remembered(const std::string& expression) {
  static std::mutex mutex;
  static std::map<std::string, CharSet> made;  // guarded by mutex; entries never move
  std::lock_guard lock(mutex);
  auto found = made.find(expression);
  if (found == made.end()) {
    CharSet set = scan(expression.c_str());
    if (set.empty()) return nullptr;
    found = made.emplace(expression, std::move(set)).first;
  }
  return &found->second;
}

}  // namespace

CharSet::CharSet(std::initializer_list<Range> ranges) : ranges_(ranges) { normalise(); }

void CharSet::normalise() {
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  std::size_t kept = 0;
  for (const Range& range : ranges_) {
    if (kept > 0 && range.first <= ranges_[kept - 1].last + 1)
      ranges_[kept - 1].last = std::max(ranges_[kept - 1].last, range.last);
    else
      ranges_[kept++] = range;
  }
  ranges_.resize(kept);
}

void CharSet::add(char32_t first, char32_t last) {
  const bool at_end = ranges_.empty() || first > ranges_.back().last + 1;
  ranges_.push_back({first, last});
  if (!at_end) normalise();
}

void CharSet::add(const CharSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  normalise();
}

void CharSet::negate() {
  std::vector<Range> gaps;
  char32_t next = 0;
  for (const Range& range : ranges_) {
    if (range.first > next) gaps.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLast) gaps.push_back({next, kLast});
  ranges_ = std::move(gaps);
}

void CharSet::intersect(const CharSet& other) {
  CharSet without = other;
  without.negate();
  negate();
  add(without);
  negate();
}

void CharSet::add_cases(const CharSet& leaving) {
  const CharSet before = *this, from = leaving;  // either may be this one
  add_all_cases();
  const auto take_back = [&](char32_t upper, char32_t lower, char32_t other) {
    const bool had = before.contains(upper) || before.contains(lower);
    if (had && !before.contains(other) && !from.contains(upper) && !from.contains(lower))
      remove(other);
    if (!had && before.contains(other) && !from.contains(other)) {
      remove(upper);
      remove(lower);
    }
  };
  take_back('S', 's', kLongS);
  take_back('K', 'k', kKelvin);
}

void CharSet::remove(char32_t c) {
  CharSet others{{c, c}};
  others.negate();
  intersect(others);
}

void CharSet::add_all_cases() {
  // Sets that take all or nothing outside of ASCII need no tables.
  const bool plain = ranges_.empty() || ranges_.back().last < 0x80 ||
                     (ranges_.back().first <= 0x80 && ranges_.back().last == kLast);
  if (!plain) {
    *this = scan_cases(*this);
    return;
  }
  CharSet more;
  const auto add_other_case = [&](char32_t first, char32_t last, int distance) {
    for (const Range& range : ranges_) {
      const char32_t low = std::max(range.first, first), high = std::min(range.last, last);
      if (low <= high)
        more.add(CharSet{
            {low + static_cast<char32_t>(distance), high + static_cast<char32_t>(distance)}});
    }
  };
  add_other_case('a', 'z', 'A' - 'a');
  add_other_case('A', 'Z', 'a' - 'A');
  const auto add_fold = [&](char32_t upper, char32_t lower, char32_t other) {
    if (contains(upper) || contains(lower) || contains(other))
      more.add(CharSet{{upper, upper}, {lower, lower}, {other, other}});
  };
  add_fold('S', 's', kLongS);
  add_fold('K', 'k', kKelvin);
  add(more);
}

bool CharSet::contains(char32_t c) const {
  const auto after =
      std::upper_bound(ranges_.begin(), ranges_.end(), c,
                       [](char32_t wanted, const Range& range) { return wanted < range.first; });
  return after != ranges_.begin() && c <= std::prev(after)->last;
}

const CharSet* posix_set(std::string_view name) {
  const auto known = std::find_if(kNamed.begin(), kNamed.end(),
                                  [&](const Named& named) { return named.name == name; });
  return known == kNamed.end() ? nullptr : remembered(known->expression);
}

const CharSet* property_set(std::string_view name) {
  if (const CharSet* posix = posix_set(name)) return posix;
  const auto category =
      std::find_if(kCategories.begin(), kCategories.end(),
                   [&](const Category& one) { return one.name == name || one.letters == name; });
  if (category != kCategories.end())
    return remembered("\\p{" + std::string(category->letters) + "}");
  const bool letters =
      std::all_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return letters && name.size() > 2 ? remembered("\\p{sc:" + std::string(name) + "}") : nullptr;
}

const CharSet& boundary_set() {
  static const CharSet& set = *remembered(kBoundaryExpression);
  return set;
}

}  // namespace grok
