#include "pipeline/event/json_write.h"

#include <emmintrin.h>

#include <charconv>
#include <cmath>

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

void write_members(const Batch& batch, const Object& object, Buffer& out, bool skip_metadata) {
  out.push_back('{');
  bool first = true;
  for (std::uint32_t i = 0; i < object.size; ++i) {
    if (skip_metadata && object.names[i] == name::metadata) continue;
    if (!first) out.push_back(',');
    first = false;
    out.append(batch.names()[object.names[i]].json_key);
    write_json(batch, object.values[i], out);
  }
  out.push_back('}');
}

}  // namespace

void write_json_string(std::string_view text, Buffer& out) {
  auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = p + text.size();
  out.push_back('"');
  while (p < end) {
    char* to = out.reserve(static_cast<std::size_t>(end - p) + 16);
    char* const start = to;
    unsigned special = 0;
    while (end - p >= 16) {  // copy while looking: what is plain is already in place
      const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), chunk);
      special = special_bytes(chunk);
      const unsigned plain = special ? static_cast<unsigned>(__builtin_ctz(special)) : 16;
      p += plain;
      to += plain;
      if (special) break;
    }
    while (!special && p < end) {
      if (*p < ' ' || *p == '"' || *p == '\\' || *p >= 0x80) {
        special = 1;
      } else {
        *to++ = static_cast<char>(*p++);
      }
    }
    out.commit(static_cast<std::size_t>(to - start));
    if (p < end) p += write_special(p, end, out);
  }
  out.push_back('"');
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
