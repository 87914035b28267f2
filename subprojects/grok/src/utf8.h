#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace grok {

struct Decoded {
  char32_t code;
  std::uint32_t length;  ///< bytes
};

/// The character at `p`, where well-formed UTF-8 stands.
inline Decoded decode(const unsigned char* p) {
  const char32_t a = *p;
  if (a < 0x80) return {a, 1};
  if (a < 0xe0) return {(a & 0x1f) << 6 | (p[1] & 0x3fu), 2};
  if (a < 0xf0) return {(a & 0x0f) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu), 3};
  return {(a & 0x07) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu), 4};
}

inline bool is_continuation(unsigned char byte) { return (byte & 0xc0) == 0x80; }

/// Where the character before `p` begins, in well-formed UTF-8; `p` > `begin`.
inline const unsigned char* previous_char(const unsigned char* begin, const unsigned char* p) {
  do --p;
  while (p > begin && is_continuation(*p));
  return p;
}

/// Bytes of the well-formed character at the beginning of `text`; 0 where there is none (The
/// Unicode Standard, table 3-7).
std::size_t char_length(std::string_view text);

void append_utf8(char32_t c, std::string& out);

/// No byte above 0x7f.
bool is_ascii(std::string_view text);
bool is_utf8(std::string_view text);

}  // namespace grok
