#pragma once

#include <string>
#include <string_view>

namespace grok::testing {

inline void append_utf8(std::string& out, char32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// The length of the character that `text` begins with; 0 where it is no UTF-8. Puts it into `c`.
inline std::size_t decode_utf8(std::string_view text, char32_t& c) {
  if (text.empty()) return 0;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (at(0) < 0x80) {
    c = at(0);
    return 1;
  }
  const std::size_t length = at(0) >= 0xF0 ? 4 : at(0) >= 0xE0 ? 3 : 2;
  if (at(0) < 0xC2 || at(0) > 0xF4 || text.size() < length) return 0;
  c = at(0) & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
    c = (c << 6) | (at(i) & 0x3F);
  }
  const char32_t least = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
  const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
  return c < least || c > 0x10FFFF || surrogate ? 0 : length;
}

inline bool is_utf8(std::string_view text) {
  for (char32_t c = 0; !text.empty();) {
    const std::size_t length = decode_utf8(text, c);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace grok::testing
