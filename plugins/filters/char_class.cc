#include "plugins/filters/char_class.h"

#include <algorithm>

#include "pipeline/event/utf8.h"

namespace millrace {
namespace {

constexpr char32_t kBadByte = 0x110000;  // a byte that is no UTF-8 stands for itself, above all

char32_t take_character(std::string_view& rest) {
  const std::size_t length = utf8_length(rest);
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  char32_t out = length == 0 ? kBadByte + byte(0) : byte(0);
  if (length > 1) {
    out &= 0xFFu >> (length + 1);
    for (std::size_t i = 1; i < length; ++i) out = out << 6 | (byte(i) & 0x3Fu);
  }
  rest.remove_prefix(std::max<std::size_t>(length, 1));
  return out;
}

/// What a letter after a backslash stands for, as ranges; empty where it is the character itself.
std::vector<std::pair<char32_t, char32_t>> escape(char letter) {
  switch (letter) {
    case 's':
      return {{'\t', '\r'}, {' ', ' '}};
    case 'd':
      return {{'0', '9'}};
    case 'w':
      return {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}};
    case 'h':
      return {{'0', '9'}, {'a', 'f'}, {'A', 'F'}};
    case 't':
      return {{'\t', '\t'}};
    case 'n':
      return {{'\n', '\n'}};
    case 'r':
      return {{'\r', '\r'}};
    case 'f':
      return {{'\f', '\f'}};
    case 'v':
      return {{'\v', '\v'}};
    case 'a':
      return {{'\a', '\a'}};
    case 'e':
      return {{0x1B, 0x1B}};
    case '0':
      return {{0, 0}};
    default:
      return {};
  }
}

bool is_letter_or_digit(char32_t c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

}  // namespace

Result<CharClass> CharClass::parse(std::string_view text) {
  CharClass out;
  std::string_view rest = text;
  if (rest.size() > 1 && rest[0] == '^') {
    out.negated_ = true;
    rest.remove_prefix(1);
  }
  while (!rest.empty())
    if (auto item = out.parse_item(rest); !item)
      return fail(std::move(item).error().at("`" + std::string(text) + "`"));
  if (out.negated_) {
    out.ascii_.flip();
    out.has_wide_ = !out.wide_.empty();
  }
  return out;
}

/// Takes one character, range or escape off `rest`.
Result<void> CharClass::parse_item(std::string_view& rest) {
  bool escaped = rest[0] == '\\' && rest.size() > 1;
  if (escaped) {
    rest.remove_prefix(1);
    const auto ranges = escape(rest[0]);
    for (const auto& [first, last] : ranges) add(first, last);
    if (!ranges.empty()) {
      rest.remove_prefix(1);
      return {};
    }
  }
  const char32_t first = take_character(rest);
  if (escaped && is_letter_or_digit(first))
    return fail(Errc::unsupported, std::string("unknown escape `\\") + static_cast<char>(first) +
                                       "` in a set of characters");
  char32_t last = first;
  if (rest.size() > 1 && rest[0] == '-') {
    rest.remove_prefix(1);
    escaped = rest[0] == '\\' && rest.size() > 1;
    if (escaped) rest.remove_prefix(1);
    last = take_character(rest);
  }
  if (last < first)
    return fail(Errc::invalid, "a range of characters ends before it begins; write `\\-` for a `-`");
  add(first, last);
  return {};
}

void CharClass::add(char32_t first, char32_t last) {
  for (char32_t c = first; c <= last && c < 0x80; ++c) ascii_.set(c);
  if (last < 0x80) return;
  wide_.emplace_back(std::max<char32_t>(first, 0x80), last);
  has_wide_ = true;
}

std::size_t CharClass::match_wide(std::string_view text) const {
  const std::size_t before = text.size();
  const char32_t c = take_character(text);
  const bool listed = std::any_of(wide_.begin(), wide_.end(), [c](const auto& range) {
    return range.first <= c && c <= range.second;
  });
  return listed != negated_ ? before - text.size() : 0;
}

}  // namespace millrace
