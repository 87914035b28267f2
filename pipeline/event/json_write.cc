#include "pipeline/event/json_write.h"

#include <emmintrin.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "pipeline/event/utf8.h"

namespace millrace {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void write_escape(unsigned char c, Buffer& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      return out.append("\\\"");
    case '\\':
      return out.append("\\\\");
    case '\n':
      return out.append("\\n");
    case '\r':
      return out.append("\\r");
    case '\t':
      return out.append("\\t");
    case '\b':
      return out.append("\\b");
    case '\f':
      return out.append("\\f");
    default: {
      const char escape[] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
      out.append({escape, sizeof escape});
    }
  }
}

bool is_plain(unsigned char c) { return c >= ' ' && c < 0x80 && c != '"' && c != '\\'; }

/// Writes one character that plain copying must not touch; returns the bytes it took.
std::size_t write_special(const unsigned char* p, const unsigned char* end, Buffer& out) {
  if (*p < 0x80) {
    write_escape(*p, out);
    return 1;
  }
  const std::string_view rest(reinterpret_cast<const char*>(p), static_cast<std::size_t>(end - p));
  const std::size_t length = utf8_length(rest);
  out.append(length ? rest.substr(0, length) : kReplacement);
  return length ? length : 1;
}

/// A bit for each of 16 bytes that is not plain ASCII: below space, quote, backslash, or with the
/// top bit.
unsigned special_bytes(__m128i chunk) {
  const __m128i quote = _mm_cmpeq_epi8(chunk, _mm_set1_epi8('"'));
  const __m128i slash = _mm_cmpeq_epi8(chunk, _mm_set1_epi8('\\'));
  const __m128i low =
      _mm_cmplt_epi8(chunk, _mm_set1_epi8(' '));  // signed: the bytes from 0x80 on are "below" too
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), low)));
}

std::uint64_t load_8(const unsigned char* from) {
  std::uint64_t bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

std::uint32_t load_4(const unsigned char* from) {
  std::uint32_t bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

/// Of two overlapping halves of `width` bytes, as bits of special_bytes() in the first and second
/// `width`: how many of the `size` bytes are plain.
std::size_t plain_before(unsigned special, unsigned width, std::size_t size) {
  if (!special) return size;
  const unsigned first = static_cast<unsigned>(__builtin_ctz(special));
  return first < width ? first : size - 2 * width + first;
}

/// Copies up to 15 bytes; how many of them, from the first on, are plain. Neither reads nor writes
/// past `size`: two overlapping words do for every size.
std::size_t copy_short(const unsigned char* from, std::size_t size, char* to) {
  if (size >= 8) {
    const std::uint64_t head = load_8(from);
    const std::uint64_t tail = load_8(from + size - 8);
    std::memcpy(to, &head, 8);
    std::memcpy(to + size - 8, &tail, 8);
    return plain_before(special_bytes(_mm_set_epi64x(static_cast<std::int64_t>(tail),
                                                     static_cast<std::int64_t>(head))),
                        8, size);
  }
  if (size >= 4) {
    const std::uint32_t head = load_4(from);
    const std::uint32_t tail = load_4(from + size - 4);
    std::memcpy(to, &head, 4);
    std::memcpy(to + size - 4, &tail, 4);
    const __m128i both = _mm_unpacklo_epi32(_mm_cvtsi32_si128(static_cast<int>(head)),
                                            _mm_cvtsi32_si128(static_cast<int>(tail)));
    return plain_before(special_bytes(both) & 0xff, 4, size);
  }
  std::size_t at = 0;
  for (; at < size && is_plain(from[at]); ++at) to[at] = static_cast<char>(from[at]);
  return at;
}

/// Copies while looking: how many of the `size` bytes, from the first on, are plain; those stand at
/// `to`, which has room for `size`.
std::size_t copy_plain(const unsigned char* from, std::size_t size, char* to) {
  if (size < 16) return copy_short(from, size, to);
  std::size_t at = 0;
  while (true) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), chunk);
    if (const unsigned special = special_bytes(chunk))
      return at + static_cast<unsigned>(__builtin_ctz(special));
    if (at + 16 == size) return size;
    at = std::min(at + 16, size - 16);  // the last chunk overlaps with plain ones
  }
}

template <std::size_t width>
void copy_ends(std::string_view from, char* to) {
  const std::size_t last = from.size() - width;
  std::memcpy(to, from.data(), width);
  std::memcpy(to + last, from.data() + last, width);
}

/// Appends `separator` and a short text as it is, without a call for it.
void append_key(char separator, std::string_view key, Buffer& out) {
  char* to = out.reserve(1 + key.size());
  *to++ = separator;
  if (key.size() > 32)
    std::memcpy(to, key.data(), key.size());
  else if (key.size() >= 16)
    copy_ends<16>(key, to);
  else if (key.size() >= 8)
    copy_ends<8>(key, to);
  else if (key.size() >= 4)
    copy_ends<4>(key, to);
  else
    std::copy(key.begin(), key.end(), to);
  out.commit(1 + key.size());
}

void write_members(const Batch& batch, const Object& object, Buffer& out, bool skip_metadata) {
  char separator = '{';
  for (std::uint32_t i = 0; i < object.size; ++i) {
    if (skip_metadata && object.names[i] == name::metadata) continue;
    append_key(std::exchange(separator, ','), batch.names()[object.names[i]].json_key, out);
    const Value& value = object.values[i];
    value.is_string() ? write_json_string(value.text(), out) : write_json(batch, value, out);
  }
  if (separator == '{') out.push_back('{');
  out.push_back('}');
}

/// The rest of a string, from `text`'s first character that plain copying must not touch.
void write_with_escapes(std::string_view text, Buffer& out) {
  auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = p + text.size();
  while (p < end) {
    p += write_special(p, end, out);
    const auto left = static_cast<std::size_t>(end - p);
    const std::size_t plain = copy_plain(p, left, out.reserve(left));
    out.commit(plain);
    p += plain;
  }
  out.push_back('"');
}

}  // namespace

void write_json_string(std::string_view text, Buffer& out) {
  char* const to = out.reserve(text.size() + 2);
  *to = '"';
  const std::size_t plain =
      copy_plain(reinterpret_cast<const unsigned char*>(text.data()), text.size(), to + 1);
  out.commit(1 + plain);
  if (plain < text.size()) return write_with_escapes(text.substr(plain), out);
  to[1 + plain] = '"';
  out.commit(1);
}

void write_json_number(double number, Buffer& out) {
  if (!std::isfinite(number)) return out.append("null");
  char* to = out.reserve(40);
  char* end = std::to_chars(to, to + 36, number).ptr;
  if (std::string_view(to, static_cast<std::size_t>(end - to)).find_first_of(".e") ==
      std::string_view::npos) {
    *end++ = '.';
    *end++ = '0';
  }
  out.commit(static_cast<std::size_t>(end - to));
}

void write_json(const Batch& batch, const Value& value, Buffer& out) {
  switch (value.type()) {
    case Type::null:
      return out.append("null");
    case Type::boolean:
      return out.append(value.boolean() ? "true" : "false");
    case Type::integer: {
      char* to = out.reserve(24);
      return out.commit(
          static_cast<std::size_t>(std::to_chars(to, to + 24, value.integer()).ptr - to));
    }
    case Type::real:
      return write_json_number(value.real(), out);
    case Type::number_text:
      return out.append(value.text());
    case Type::string:
      return write_json_string(value.text(), out);
    case Type::timestamp: {
      char* to = out.reserve(kIso8601Bytes + 2);
      *to = '"';
      const std::size_t length = write_iso8601(value.timestamp(), to + 1);
      to[1 + length] = '"';
      return out.commit(length + 2);
    }
    case Type::array: {
      out.push_back('[');
      for (std::uint32_t i = 0; i < value.array().size; ++i) {
        if (i) out.push_back(',');
        write_json(batch, value.array().items[i], out);
      }
      return out.push_back(']');
    }
    case Type::object:
      return write_members(batch, value.object(), out, false);
  }
}

void write_json(const ConstEvent& event, Buffer& out, bool with_metadata) {
  write_members(event.batch(), event.fields(), out, !with_metadata);
}

}  // namespace millrace
