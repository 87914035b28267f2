#include "utf8.h"

#include <algorithm>
#include <cstring>

namespace grok {

std::size_t char_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned first = at(0), second = at(1);
  if (first < 0x80) return 1;
  const auto tail = [&](std::size_t i) { return (at(i) & 0xc0) == 0x80; };
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return tail(1) ? 2 : 0;
  if (first < 0xf0) {
    if (first == 0xe0 && second < 0xa0) return 0;
    if (first == 0xed && second > 0x9f) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (first == 0xf0 && second < 0x90) return 0;
  if (first == 0xf4 && second > 0x8f) return 0;
  return tail(1) && tail(2) && tail(3) ? 4 : 0;
}

void append_utf8(char32_t c, std::string& out) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xe0 | c >> 12);
    } else {
      put(0xf0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3f));
    }
    put(0x80 | (c >> 6 & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

bool is_ascii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080u;
  constexpr std::size_t kBlock = 32;
  const auto block_is_ascii = [](const char* p) {
    std::uint64_t word[4];
    std::memcpy(word, p, kBlock);
    return ((word[0] | word[1] | word[2] | word[3]) & kHighBits) == 0;
  };
  const std::size_t size = text.size();
  if (size < kBlock)
    return std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
  for (std::size_t at = 0; at + kBlock <= size; at += kBlock)
    if (!block_is_ascii(text.data() + at)) return false;
  return block_is_ascii(text.data() + size - kBlock);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = char_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace grok
