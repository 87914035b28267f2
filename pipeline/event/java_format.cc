#include <algorithm>
#include <utility>

#include "pipeline/event/joda_pattern.h"
#include "pipeline/event/time_format.h"

namespace millrace {

namespace {

using What = TimeFormatOp::What;

/// A letter that prints a number, and how often it may be repeated.
struct NumberLetter {
  char letter;
  What what;
  int max_count;
};

constexpr NumberLetter kNumbers[] = {
    {'u', What::year, 19},
    {'y', What::year, 19},
    {'Y', What::us_week_year, 19},
    {'w', What::us_week, 2},
    {'W', What::us_week_of_month, 1},
    {'D', What::day_of_year, 3},
    {'d', What::day_of_month, 2},
    {'F', What::aligned_week_of_month, 1},
    {'g', What::modified_julian_day, 19},
    {'H', What::hour, 2},
    {'k', What::clock_hour, 2},
    {'K', What::half_hour, 2},
    {'h', What::half_clock_hour, 2},
    {'m', What::minute, 2},
    {'s', What::second, 2},
    {'S', What::nanos_fraction, 9},
    {'A', What::milli_of_day, 19},
    {'n', What::nano_of_second, 19},
    {'N', What::nano_of_day, 19},
};

/// A letter that prints UTC's name or offset: always the same text. Entry i: i + 1 letters; null:
/// not allowed.
struct ConstantLetter {
  char letter;
  const char* texts[5];
};

constexpr ConstantLetter kConstants[] = {
    {'G', {"AD", "AD", "AD", "Anno Domini", "A"}},
    {'z', {"Z", "Z", "Z", "Z", nullptr}},
    {'V', {nullptr, "Z", nullptr, nullptr, nullptr}},
    {'v', {"Z", nullptr, nullptr, "Z", nullptr}},
    {'O', {"GMT", nullptr, nullptr, "GMT", nullptr}},
    {'X', {"Z", "Z", "Z", "Z", "Z"}},
    {'x', {"+00", "+0000", "+00:00", "+0000", "+00:00"}},
    {'Z', {"+0000", "+0000", "+0000", "GMT", "Z"}},
};

/// Letters that print a number when written once or twice and a name with 3 to 5.
struct NameLetter {
  char letter;
  What number;
  What name;
  int max_number_count;  ///< 0: a name always
};

constexpr NameLetter kNames[] = {
    {'M', What::month, What::month_name, 2},        {'L', What::month, What::month_name, 2},
    {'Q', What::quarter, What::quarter_name, 2},    {'q', What::quarter, What::quarter_name, 2},
    {'E', What::us_weekday, What::weekday_name, 0}, {'e', What::us_weekday, What::weekday_name, 2},
    {'c', What::us_weekday, What::weekday_name, 1},
};

template <typename Table>
auto find_letter(const Table& table, char letter) {
  const auto found = std::find_if(std::begin(table), std::end(table),
                                  [letter](const auto& entry) { return entry.letter == letter; });
  return found == std::end(table) ? nullptr : &*found;
}

std::uint8_t style_of(std::size_t count) {
  if (count == 5) return TimeFormatOp::kNarrow;
  return count == 4 ? TimeFormatOp::kFull : TimeFormatOp::kShort;
}

/// Compiles one pattern, left to right.
class JavaCompiler {
 public:
  explicit JavaCompiler(std::string_view pattern) : pattern_(pattern) {}

  Result<std::vector<TimeFormatOp>> compile() {
    if (pattern_.empty()) return error("is empty; expected one such as yyyy-MM-dd");
    while (at_ < pattern_.size())
      if (auto step = next(); !step) return std::move(step).error();
    return std::move(ops_);
  }

 private:
  Result<void> next() {
    const char c = pattern_[at_];
    if (is_letter(c)) return c == 'p' ? padded() : letters(0);
    if (c == '\'') return quoted();
    if (c == '{' || c == '}' || c == '#')
      return error(std::string("'") + c + "' is reserved; write it in 'single quotes'");
    if (c == ']' && open_sections_ == 0) return error("']' without a '[' before it");
    open_sections_ += (c == '[') - (c == ']');
    if (c != '[' && c != ']') add_literal(std::string(1, c));
    ++at_;
    return {};
  }

  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  /// ppH: pads what the next letters print to as many characters as there are p's.
  Result<void> padded() {
    const std::size_t pad = letter_run(pattern_, at_);
    if (pad > std::size_t{kMaxLetterRun}) return too_many('p', kMaxLetterRun);
    if (at_ + pad == pattern_.size() || !is_letter(pattern_[at_ + pad]))
      return error("'p' pads the letters after it, and there are none");
    at_ += pad;
    return letters(static_cast<std::uint8_t>(pad));
  }

  Result<void> letters(std::uint8_t pad_to) {
    const char letter = pattern_[at_];
    const std::size_t count = letter_run(pattern_, at_);
    auto op = op_of(letter, count);
    if (!op) return std::move(op).error();
    op->pad_to = pad_to;
    ops_.push_back(*std::move(op));
    at_ += count;
    return {};
  }

  Result<TimeFormatOp> op_of(char letter, std::size_t count) const {
    if (const auto* number = find_letter(kNumbers, letter)) return number_op(*number, count);
    if (const auto* name = find_letter(kNames, letter)) return name_op(*name, count);
    if (const auto* constant = find_letter(kConstants, letter))
      return constant_op(*constant, count);
    if (letter == 'a' && count > 1) return too_many('a', 1);
    if (letter == 'a') return op(What::half_of_day, 0);
    if (letter == 'B' && (count == 1 || count == 4 || count == 5))
      return op(What::day_period, style_of(count));
    if (letter == 'B') return error("'B' is written once, 4 or 5 times");
    return error(std::string("'") + letter +
                 "' is no letter of a time; expected one of GuyYQqMLwWDdFgEecaBHkKhmsSAnNVvzOXxZp, "
                 "or text in "
                 "'single quotes'");
  }

  Result<TimeFormatOp> number_op(const NumberLetter& letter, std::size_t count) const {
    if (count > static_cast<std::size_t>(letter.max_count))
      return too_many(letter.letter, letter.max_count);
    const auto width = static_cast<std::uint8_t>(count);
    if (count == 2 && letter.what == What::year) return op(What::year_of_century, width);
    if (count == 2 && letter.what == What::us_week_year)
      return op(What::us_week_year_of_century, width);
    return op(letter.what, width);
  }

  Result<TimeFormatOp> name_op(const NameLetter& letter, std::size_t count) const {
    if (count > 5) return too_many(letter.letter, 5);
    if (letter.letter == 'c' && count == 2) return error("'c' is written once, or 3 to 5 times");
    if (count <= static_cast<std::size_t>(letter.max_number_count))
      return op(letter.number, static_cast<std::uint8_t>(count));
    return op(letter.name, style_of(count));
  }

  Result<TimeFormatOp> constant_op(const ConstantLetter& letter, std::size_t count) const {
    if (count > 5 || letter.texts[count - 1] == nullptr)
      return error(std::string("'") + letter.letter + "' cannot be written " +
                   std::to_string(count) + " times");
    return TimeFormatOp{What::literal, 0, 0, letter.texts[count - 1]};
  }

  /// Text up to the closing quote; '' is a quote character, also on its own.
  Result<void> quoted() {
    std::string text;
    std::size_t end = at_ + 1;
    for (; end < pattern_.size(); ++end) {
      if (pattern_[end] == '\'' && (end + 1 == pattern_.size() || pattern_[end + 1] != '\'')) break;
      if (pattern_[end] == '\'') ++end;
      text += pattern_[end];
    }
    if (end >= pattern_.size()) return error("the quote that begins here is not closed");
    add_literal(end == at_ + 1 ? "'" : std::move(text));
    at_ = end + 1;
    return {};
  }

  void add_literal(std::string text) { ops_.push_back({What::literal, 0, 0, std::move(text)}); }
  static TimeFormatOp op(What what, std::uint8_t width) { return {what, width, 0, {}}; }

  Error error(std::string_view why) const { return pattern_error(pattern_, at_ + 1, why); }
  Error too_many(char letter, int limit) const {
    return error(std::string("'") + letter + "' can be written " + std::to_string(limit) +
                 " times at most");
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  int open_sections_ = 0;
  std::vector<TimeFormatOp> ops_;
};

}  // namespace

Result<TimeFormat> TimeFormat::java(std::string_view pattern) {
  auto ops = JavaCompiler(pattern).compile();
  if (!ops) return std::move(ops).error();
  return TimeFormat(*std::move(ops));
}

}  // namespace millrace
