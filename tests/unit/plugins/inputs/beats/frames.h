#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Lumberjack frames as a client writes them.
namespace millrace::beats::frames {

inline std::string u32(std::uint64_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}

inline std::string window(std::uint64_t count, char version = '2') {
  return version + ("W" + u32(count));
}

inline std::string json(std::uint64_t sequence, std::string_view text, char version = '2') {
  return version + ("J" + u32(sequence) + u32(text.size())).append(text);
}

using Pairs = std::vector<std::pair<std::string, std::string>>;
inline std::string pairs(std::uint64_t sequence, const Pairs& pairs, char version = '1') {
  std::string out = version + ("D" + u32(sequence) + u32(pairs.size()));
  for (const auto& [key, value] : pairs) {
    out.append(u32(key.size())).append(key);
    out.append(u32(value.size())).append(value);
  }
  return out;
}

inline std::string zlib(std::string_view content, int level = 3) {
  uLongf size = compressBound(content.size());
  std::string out(size, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &size,
            reinterpret_cast<const Bytef*>(content.data()), content.size(), level);
  out.resize(size);
  return out;
}

inline std::string wrapped(std::string_view stream, char version = '2') {
  return version + ("C" + u32(stream.size())).append(stream);
}
inline std::string compressed(std::string_view content, char version = '2', int level = 3) {
  return wrapped(zlib(content, level), version);
}

}  // namespace millrace::beats::frames
