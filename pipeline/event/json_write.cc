#include "pipeline/event/json_write.h"

#include <emmintrin.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>

#include "pipeline/event/real_text.h"
#include "pipeline/event/utf8.h"

namespace millrace {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t kMostEscaped = 6;                    // bytes that one becomes: \u0000
constexpr std::size_t kChunk = 16;                         // bytes that are looked at together

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

/// Where reading and writing stand.
struct Place {
  const unsigned char* from;
  char* to;
};

/// Writes the character at `from`, a control or not ASCII.
__attribute__((noinline)) Place put_rare(const unsigned char* from, const unsigned char* end,
                                         char* to) {
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

/// A bit for each of 16 bytes that is plain: ASCII from space on, but no quote and no backslash.
unsigned plain_bytes(__m128i chunk) {
  static_assert(('"' ^ 2) == ' ');  // so the quote comes to stand beside what is less than a space
  const __m128i swapped = _mm_xor_si128(chunk, _mm_set1_epi8(2));
  const __m128i high = _mm_cmpgt_epi8(swapped, _mm_set1_epi8(' '));  // signed: nothing from 0x80 on
  const __m128i slash = _mm_cmpeq_epi8(chunk, _mm_set1_epi8('\\'));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(slash, high)));
}

void copy_16(const char* from, char* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

/// A chunk of fewer bytes, and zeros.
__attribute__((noinline)) __m128i load_few(const unsigned char* from, std::size_t size) {
  alignas(kChunk) unsigned char few[kChunk] = {};
  std::memcpy(few, from, std::min(size, kChunk));
  return _mm_load_si128(reinterpret_cast<const __m128i*>(few));
}

/// A chunk of fewer bytes, and then whatever follows them in memory: reads past their end, but not
/// into the next page, which may be nobody's.
__attribute__((no_sanitize("address", "thread"))) inline __m128i load_last(
    const unsigned char* from, std::size_t size) {
  constexpr std::uintptr_t kPage = 4096;
  if (reinterpret_cast<std::uintptr_t>(from) % kPage > kPage - kChunk) return load_few(from, size);
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

constexpr unsigned kAllPlain = (1u << kChunk) - 1;

/// Copies a chunk, whatever is in it; which of its bytes are plain.
inline unsigned put_chunk(__m128i chunk, char* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), chunk);
  return plain_bytes(chunk);
}

/// How many bits are set, from the first on.
inline std::size_t leading(unsigned bits) { return static_cast<unsigned>(__builtin_ctz(~bits)); }

/// Copies up to kChunk bytes, up to the first that is not plain; how many. kChunk bytes are written
/// over.
inline std::size_t put_last(const unsigned char* from, std::size_t size, char* to) {
  return std::min(size, leading(put_chunk(load_last(from, size), to)));
}

/// Copies and escapes `text`; `to` has room for kMostEscaped bytes for each of its bytes and for
/// kChunk more, which are written over.
__attribute__((noinline)) char* put_escaped(std::string_view text, char* to) {
  const auto* from = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = from + text.size();
  for (;;) {
    unsigned plain = kAllPlain;  // of the chunk that the first loop ends with
    for (; end - from >= std::ptrdiff_t{kChunk}; from += kChunk, to += kChunk) {
      plain = put_chunk(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)), to);
      if (plain != kAllPlain) break;
    }
    const auto left = static_cast<std::size_t>(end - from);
    if (left == 0) return to;
    const std::size_t copied = left < kChunk ? put_last(from, left, to) : leading(plain);
    if (copied == left) return to + left;
    const Place after = put_special(from + copied, end, to + copied);
    from = after.from;
    to = after.to;
  }
}

/// Strings up to this are written without a look at the buffer's room in between.
constexpr std::size_t kAtOnce = 4096;

/// Nearly all keys are as short as this: so many bytes are copied at once, some of them of the
/// padding after the key.
constexpr std::size_t kShortKey = 32;
static_assert(kShortKey <= kReadPadding);

/// What put_key() writes over.
constexpr std::size_t room_for_key(std::size_t size) { return 1 + size + kShortKey; }

/// What put_string() writes over.
constexpr std::size_t room_for(std::size_t size) { return 2 + kMostEscaped * size + kChunk; }

inline char* put_key(char separator, std::string_view key, char* to) {
  *to++ = separator;
  copy_16(key.data(), to);
  copy_16(key.data() + 16, to + 16);
  if (key.size() > kShortKey) std::memcpy(to, key.data(), key.size());
  return to + key.size();
}

/// A string of up to kAtOnce bytes, with its quotes.
inline char* put_string(std::string_view text, char* to) {
  *to++ = '"';
  const auto* const from = reinterpret_cast<const unsigned char*>(text.data());
  const bool is_short = !text.empty() && text.size() <= kChunk;  // as nearly all are
  if (is_short && put_last(from, text.size(), to) == text.size())
    to += text.size();
  else
    to = put_escaped(text, to);
  *to++ = '"';
  return to;
}

/// Numbers and times are no longer than this.
constexpr std::size_t kMostOfScalar = 40;
static_assert(kMostOfScalar >= kRealTextBytes);
static_assert(kIso8601Bytes + 2 <= kMostOfScalar);

char* put_real(double number, char* to) {
  return std::isfinite(number) ? write_java_real(number, to) : put("null", to);
}

char* put_time(Timestamp time, char* to) {
  *to++ = '"';
  to += write_iso8601(time, to);
  *to++ = '"';
  return to;
}

/// Writes into the buffer's tail and commits what it wrote when it is done: how much of the buffer
/// is taken is known to it alone meanwhile.
class Writer {
 public:
  explicit Writer(Buffer& out) : out_(out), to_(out.reserve(0)), end_(end_of(out)) {}
  ~Writer() { commit(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void string(std::string_view text) {
    if (text.size() > kAtOnce) return long_string(text);
    to_ = put_string(text, room(room_for(text.size())));
  }
  void real(double number) { to_ = put_real(number, room(kMostOfScalar)); }
  void value(const BatchNames& names, const Value& value);
  void members(const BatchNames& names, const Object& object, bool skip_metadata);

 private:
  void member(char separator, std::string_view key, const BatchNames& names, const Value& member);
  static char* end_of(Buffer& out) { return out.data() + out.capacity(); }

  void commit() { out_.commit(static_cast<std::size_t>(to_ - (out_.data() + out_.size()))); }
  /// Where the next bytes go; so many of them may be written over.
  char* room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - to_) < bytes) grow(bytes);
    return to_;
  }
  void grow(std::size_t bytes) {
    commit();
    to_ = out_.reserve(bytes);
    end_ = end_of(out_);
  }
  void text(std::string_view text) { to_ = put(text, room(text.size())); }
  void byte(char c) { *room(1) = c, ++to_; }
  void long_string(std::string_view text);
  void items(const BatchNames& names, const Array& array);

  Buffer& out_;
  char* to_;   // past what was written
  char* end_;  // of the buffer's memory
};

void Writer::long_string(std::string_view text) {
  byte('"');
  while (!text.empty()) {
    const std::string_view piece = cut_utf8(text, kAtOnce);
    to_ = put_escaped(piece, room(room_for(piece.size())));
    text.remove_prefix(piece.size());
  }
  byte('"');
}

void Writer::value(const BatchNames& names, const Value& value) {
  switch (value.type()) {
    case Type::null:
      return text("null");
    case Type::boolean:
      return text(value.boolean() ? "true" : "false");
    case Type::integer: {
      char* const to = room(kMostOfScalar);
      to_ = std::to_chars(to, to + kMostOfScalar, value.integer()).ptr;
      return;
    }
    case Type::real:
      return real(value.real());
    case Type::number_text:
      return text(value.text());
    case Type::string:
      return string(value.text());
    case Type::timestamp:
      to_ = put_time(value.timestamp(), room(kMostOfScalar));
      return;
    case Type::array:
      return items(names, value.array());
    case Type::object:
      return members(names, value.object(), false);
  }
}

void Writer::items(const BatchNames& names, const Array& array) {
  byte('[');
  for (std::uint32_t i = 0; i < array.size; ++i) {
    if (i) byte(',');
    value(names, array.items[i]);
  }
  byte(']');
}

inline void Writer::member(char separator, std::string_view key, const BatchNames& names,
                           const Value& member) {
  if (member.is_string() && member.text().size() <= kAtOnce) {
    const std::string_view text = member.text();
    char* const to = room(room_for_key(key.size()) + room_for(text.size()));
    to_ = put_string(text, put_key(separator, key, to));
  } else {
    to_ = put_key(separator, key, room(room_for_key(key.size())));
    value(names, member);
  }
}

void Writer::members(const BatchNames& names, const Object& object, bool skip_metadata) {
  const NameId skipped = skip_metadata ? name::metadata : kNoName;
  const NameId* const end = object.names + object.size;
  const Value* field = object.values;
  char separator = '{';
  for (const NameId* name = object.names; name != end; ++name, ++field) {
    if (*name == skipped) continue;
    member(separator, names[*name].json_key, names, *field);
    separator = ',';
  }
  if (separator == '{') byte('{');
  byte('}');
}

}  // namespace

void write_json_string(std::string_view text, Buffer& out) { Writer(out).string(text); }

void write_json_number(double number, Buffer& out) { Writer(out).real(number); }

void write_json(const Batch& batch, const Value& value, Buffer& out) {
  Writer(out).value(batch.names(), value);
}

void write_json(const ConstEvent& event, Buffer& out, bool with_metadata) {
  Writer(out).members(event.batch().names(), event.fields(), !with_metadata);
}

}  // namespace millrace
