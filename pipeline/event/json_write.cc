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
constexpr std::size_t kMostEscaped = 6;                    // bytes that one becomes: \u0000

char* put(std::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* put_control(unsigned char c, char* to) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '\n':
      return put("\\n", to);
    case '\r':
      return put("\\r", to);
    case '\t':
      return put("\\t", to);
    case '\b':
      return put("\\b", to);
    case '\f':
      return put("\\f", to);
    default: {
      const char escape[] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
      return put({escape, sizeof escape}, to);
    }
  }
}

bool is_plain(unsigned char c) { return c >= ' ' && c < 0x80 && c != '"' && c != '\\'; }

/// Where reading and writing stand.
struct Place {
  const unsigned char* from;
  char* to;
};

/// Writes the character at `from`, a control or not ASCII.
Place put_rare(const unsigned char* from, const unsigned char* end, char* to) {
  if (*from < ' ') return {from + 1, put_control(*from, to)};
  const std::string_view rest(reinterpret_cast<const char*>(from),
                              static_cast<std::size_t>(end - from));
  const std::size_t length = utf8_length(rest);
  if (length == 0) return {from + 1, put(kReplacement, to)};
  return {from + length, put(rest.substr(0, length), to)};
}

/// Writes the character at `from`, which plain copying must not touch.
inline Place put_special(const unsigned char* from, const unsigned char* end, char* to) {
  if (*from != '"' && *from != '\\') return put_rare(from, end, to);
  to[0] = '\\';
  to[1] = static_cast<char>(*from);
  return {from + 1, to + 2};
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

void copy_16(const char* from, char* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
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

/// copy_short() for up to 3 bytes: the first, the middle and the last are all of them.
std::size_t copy_few(const unsigned char* from, std::size_t size, char* to) {
  if (size == 0) return 0;
  const unsigned char some[] = {from[0], from[size / 2], from[size - 1]};
  to[0] = static_cast<char>(some[0]);
  to[size / 2] = static_cast<char>(some[1]);
  to[size - 1] = static_cast<char>(some[2]);
  if (is_plain(some[0]) && is_plain(some[1]) && is_plain(some[2])) return size;
  std::size_t plain = 0;
  while (is_plain(from[plain])) ++plain;
  return plain;
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
  return copy_few(from, size, to);
}

/// Copies and escapes `text`; `to` has room for kMostEscaped bytes for each of its bytes.
char* put_escaped(std::string_view text, char* to) {
  constexpr std::ptrdiff_t kChunk = 16;
  const auto* from = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = from + text.size();
  while (end - from >= kChunk) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), chunk);
    const unsigned special = special_bytes(chunk);
    if (!special) {
      from += kChunk;
      to += kChunk;
      continue;
    }
    const int plain = __builtin_ctz(special);
    const Place after = put_special(from + plain, end, to + plain);
    from = after.from;
    to = after.to;
  }
  while (from < end) {
    const auto left = static_cast<std::size_t>(end - from);
    const std::size_t plain = copy_short(from, left, to);
    if (plain == left) return to + left;
    const Place after = put_special(from + plain, end, to + plain);
    from = after.from;
    to = after.to;
  }
  return to;
}

/// Strings up to this are written without a look at the buffer's room in between.
constexpr std::size_t kAtOnce = 4096;

/// What put_string() writes over.
constexpr std::size_t room_for(std::size_t size) { return 2 + kMostEscaped * size; }

/// A string of up to kAtOnce bytes, with its quotes.
char* put_string(std::string_view text, char* to) {
  *to++ = '"';
  to = put_escaped(text, to);
  *to++ = '"';
  return to;
}

void write_long_string(std::string_view text, Buffer& out) {
  out.push_back('"');
  while (!text.empty()) {
    const std::string_view piece = cut_utf8(text, kAtOnce);
    char* const to = out.reserve(kMostEscaped * piece.size());
    out.commit(static_cast<std::size_t>(put_escaped(piece, to) - to));
    text.remove_prefix(piece.size());
  }
  out.push_back('"');
}

/// Nearly all keys are as short as this: so many bytes are copied at once, some of them of the
/// padding after the key.
constexpr std::size_t kShortKey = 32;
static_assert(kShortKey <= kReadPadding);

/// What put_key() writes over.
constexpr std::size_t room_for_key(std::size_t size) { return 1 + std::max(size, kShortKey); }

char* put_key(char separator, std::string_view key, char* to) {
  *to++ = separator;
  copy_16(key.data(), to);
  copy_16(key.data() + 16, to + 16);
  if (key.size() > kShortKey) std::memcpy(to, key.data(), key.size());
  return to + key.size();
}

void write_members(const Batch& batch, const Object& object, Buffer& out, bool skip_metadata) {
  char separator = '{';
  for (std::uint32_t i = 0; i < object.size; ++i) {
    if (skip_metadata && object.names[i] == name::metadata) continue;
    const std::string_view key = batch.names()[object.names[i]].json_key;
    const Value& value = object.values[i];
    const bool at_once = value.is_string() && value.text().size() <= kAtOnce;
    const std::size_t more = at_once ? room_for(value.text().size()) : 0;
    char* const begin = out.reserve(room_for_key(key.size()) + more);
    char* to = put_key(std::exchange(separator, ','), key, begin);
    if (at_once) to = put_string(value.text(), to);
    out.commit(static_cast<std::size_t>(to - begin));
    if (!at_once) write_json(batch, value, out);
  }
  if (separator == '{') out.push_back('{');
  out.push_back('}');
}

}  // namespace

void write_json_string(std::string_view text, Buffer& out) {
  if (text.size() > kAtOnce) return write_long_string(text, out);
  char* const to = out.reserve(room_for(text.size()));
  out.commit(static_cast<std::size_t>(put_string(text, to) - to));
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
