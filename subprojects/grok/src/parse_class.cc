#include <cctype>

#include "parse.h"
#include "utf8.h"

namespace grok {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr unsigned kMaxClassDepth = 32;

/// The sets that a letter behind a backslash stands for: ASCII, as Ruby reads them. False: none.
bool shorthand(char letter, CharSet& set) {
  switch (letter | 0x20) {
    case 'd':
      set = {{'0', '9'}};
      break;
    case 'w':
      set = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
      break;
    case 's':
      set = {{'\t', '\r'}, {' ', ' '}};
      break;
    case 'h':
      set = {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};
      break;
    default:
      return false;
  }
  if (letter < 'a') set.negate();
  return true;
}

}  // namespace

/// Decodes one character; a byte that begins no valid UTF-8 is an error of the expression.
std::optional<char32_t> Parser::code_point() {
  const std::size_t length = char_length(text_.substr(at_));
  if (length == 0) return fail(at_, "a byte that is not UTF-8");
  const char32_t code = decode(reinterpret_cast<const unsigned char*>(text_.data()) + at_).code;
  at_ += length;
  return code;
}

/// The character that a backslash (already passed) and what follows it stand for.
std::optional<char32_t> Parser::escaped_char(std::size_t start) {
  static constexpr std::string_view kLetters = "ntrfvae0";
  static constexpr char32_t kMeant[] = {'\n', '\t', '\r', '\f', '\v', '\a', 0x1b, 0};
  if (const auto known = kLetters.find(text_[at_]); known != std::string_view::npos) {
    ++at_;
    return kMeant[known];
  }
  const char c = text_[at_];
  if (c != 'x' && c != 'u') return code_point();
  ++at_;
  const bool braces = c == 'x' && skip("{");
  const std::size_t most = braces ? 6 : c == 'u' ? 4 : 2;
  std::size_t digits = 0;
  char32_t code = 0;
  for (; digits < most && more() && hex_value(text_[at_]) >= 0; ++digits, ++at_)
    code = code * 16 + static_cast<char32_t>(hex_value(text_[at_]));
  const bool complete = digits > 0 && (c != 'u' || digits == 4) && (!braces || skip("}"));
  if (!complete) return fail(start, "hexadecimal digits are missing");
  if (code > CharSet::kLast || (code >= 0xd800 && code <= 0xdfff))
    return fail(start, "that is no character");
  if (code > 0x7f && c == 'x' && !braces)
    return fail(start, "a byte above 7f is not a character", "write `\\u` and four digits");
  return code;
}

Parser::Parsed Parser::bracket() {
  const std::size_t start = at_++;
  ClassSet set;
  if (!class_content(set, start, 0)) return std::nullopt;
  return add_set(std::move(set.all), start);
}

/// From behind the `[` to behind its `]`: items, intersected with what stands behind each `&&`.
bool Parser::class_content(ClassSet& set, std::size_t start, unsigned depth) {
  if (depth > kMaxClassDepth) {
    fail(start, "classes are nested too deeply");
    return false;
  }
  const bool negated = skip("^");
  ClassSet part;
  std::optional<ClassSet> whole;
  const auto join = [&] {
    if (whole)
      whole->intersect(part);
    else
      whole = part;
    part = {};
  };
  for (bool first = true;; first = false) {
    if (!more()) {
      fail(start, "a class that is not closed", "close it with `]`");
      return false;
    }
    if (!first && skip("]")) break;
    if (first && looking_at("]") && text_.find(']', at_ + 1) == std::string_view::npos) {
      fail(start, "an empty class", "write `\\]` for the character itself");
      return false;
    }
    if (skip("&&"))
      join();
    else if (!class_item(part, depth))
      return false;
  }
  join();
  // Once and for the outermost, as Oniguruma does: `(?i:[[^a]])` takes `a`, since it takes `A`.
  if (flags_.ignore_case && depth == 0) whole->all.add_cases(whole->leaving);
  if (negated) whole->negate();
  set.add(*whole);
  return true;
}

bool Parser::class_item(ClassSet& set, unsigned depth) {
  const std::size_t start = at_;
  if (looking_at_posix()) return posix(set);
  if (skip("[")) return class_content(set, start, depth + 1);
  if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
    CharSet short_set;
    const char c = text_[at_ + 1];
    if (shorthand(c, short_set) && std::string_view("dDwWsShH").find(c) != std::string_view::npos) {
      at_ += 2;
      set.all.add(short_set);
      if (c != 'w' && c != 'W') set.leaving.add(short_set);
      return true;
    }
    if (c == 'p' || c == 'P') {
      ++at_;
      return property(set, start);
    }
  }
  return class_range(set, start);
}

bool Parser::class_range(ClassSet& set, std::size_t start) {
  const auto low = class_char();
  if (!low) return false;
  char32_t high = *low;
  const auto after = [this](std::size_t n) {
    return at_ + n < text_.size() ? text_[at_ + n] : ']';
  };
  const bool range = looking_at("-") && after(1) != ']' && after(1) != '[' && !looking_at("-&&") &&
                     !(after(1) == '\\' &&
                       std::string_view("dDwWsShHpP").find(after(2)) != std::string_view::npos);
  if (range) {
    ++at_;
    const auto end = class_char();
    if (!end) return false;
    high = *end;
    if (high < *low) {
      fail(start, "a range whose end is before its beginning");
      return false;
    }
  }
  set.add(*low, high);
  return true;
}

std::optional<char32_t> Parser::class_char() {
  const std::size_t start = at_;
  if (!more()) return fail(start, "a class that is not closed", "close it with `]`");
  if (!skip("\\")) return code_point();
  if (!more()) return fail(start, "a backslash at the end", "write `\\\\` for a backslash");
  if (skip("b")) return U'\b';
  return escaped_char(start);
}

/// `[:` begins a name only where letters and `:]` follow; else it is a class in a class.
bool Parser::looking_at_posix() const {
  if (!looking_at("[:")) return false;
  std::size_t end = at_ + 2;
  if (end < text_.size() && text_[end] == '^') ++end;
  while (end < text_.size() && std::isalpha(static_cast<unsigned char>(text_[end]))) ++end;
  return text_.substr(end).starts_with(":]");
}

/// `[:name:]` or `[:^name:]`.
bool Parser::posix(ClassSet& set) {
  const std::size_t start = at_;
  at_ += 2;
  const bool negated = skip("^");
  const std::size_t end = text_.find(":]", at_);
  const std::string_view name = text_.substr(at_, end - at_);
  const CharSet* found = posix_set(name);
  if (!found) {
    fail(start, "there is no class `[:" + std::string(name.substr(0, 32)) + ":]`");
    return false;
  }
  at_ = end + 2;
  CharSet taken = *found;
  if (negated) taken.negate();
  set.add(taken);
  return true;
}

/// `\p{Alpha}`, `\p{^Lu}`, `\P{Greek}`.
bool Parser::property(ClassSet& set, std::size_t start, bool alone) {
  bool negated = text_[at_++] == 'P';
  const std::size_t end = skip("{") ? text_.find('}', at_) : std::string_view::npos;
  if (end == std::string_view::npos) {
    fail(start, "`\\p` without a name", "write `\\p{Alpha}`");
    return false;
  }
  if (skip("^")) negated = !negated;
  const std::string_view given = text_.substr(at_, end - at_);
  std::string name;
  for (const char c : given.substr(0, 64))
    if (c != '_' && c != '-' && c != ' ')
      name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  at_ = end + 1;
  const CharSet* found = property_set(name);
  if (!found) {
    fail(start, "there is no property `\\p{" + std::string(given.substr(0, 32)) + "}`",
         "known are the POSIX names (Alpha, Digit, Upper, ...), categories (L, Lu, ...) and "
         "scripts");
    return false;
  }
  CharSet taken = *found;
  // One that stands alone takes part in `(?i)`; in a class the class does.
  if (flags_.ignore_case && alone) taken.add_cases();
  if (negated) taken.negate();
  set.add(taken);
  return true;
}

}  // namespace grok
