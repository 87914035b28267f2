#include "plugins/filters/mutate_text.h"

#include <locale.h>
#include <wctype.h>

#include <algorithm>

#include "pipeline/event/buffer.h"
#include "pipeline/event/utf8.h"

namespace millrace::mutate {
namespace {

constexpr std::string_view kSpace = " \t\n\v\f\r";

/// The C library's character tables for all of Unicode; always there on Linux.
locale_t unicode() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

char32_t large(char32_t c) { return unicode() ? towupper_l(c, unicode()) : towupper(c); }
char32_t small(char32_t c) { return unicode() ? towlower_l(c, unicode()) : towlower(c); }

char32_t decode(const unsigned char* p, std::size_t length) {
  char32_t c = length == 1 ? p[0] : p[0] & (0xFF >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) c = c << 6 | (p[i] & 0x3F);
  return c;
}

void append(char32_t c, Buffer& out) {
  if (c < 0x80) return out.push_back(static_cast<char>(c));
  const int continuations = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  static constexpr int kLead[] = {0, 0xC0, 0xE0, 0xF0};
  out.push_back(static_cast<char>(kLead[continuations] | c >> (6 * continuations)));
  for (int i = continuations; i-- > 0;)
    out.push_back(static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3F)));
}

/// Maps the first character by `first`, the others by `rest`. Bytes that are not UTF-8 stay.
template <typename First, typename Rest>
Value mapped(std::string_view text, Batch& batch, First first, Rest rest) {
  thread_local Buffer out;
  out.recycle(1 << 20);
  auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const start = p;
  const unsigned char* const end = p + text.size();
  while (p < end) {
    const std::size_t length =
        utf8_length({reinterpret_cast<const char*>(p), static_cast<std::size_t>(end - p)});
    if (length == 0) {
      out.push_back(static_cast<char>(*p++));
      continue;
    }
    const char32_t c = decode(p, length);
    append(p == start ? first(c) : rest(c), out);
    p += length;
  }
  return batch.copy(out.view());
}

}  // namespace

Value uppercase(std::string_view text, Batch& batch) { return mapped(text, batch, large, large); }
Value lowercase(std::string_view text, Batch& batch) { return mapped(text, batch, small, small); }
Value capitalize(std::string_view text, Batch& batch) { return mapped(text, batch, large, small); }

Value strip(std::string_view text) {
  const std::size_t from = text.find_first_not_of(kSpace);
  if (from == std::string_view::npos) return Value::of(text.substr(0, 0));
  while (text.ends_with('\0') || kSpace.find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  return Value::of(text.substr(from));
}

Value split(std::string_view text, std::string_view separator, Batch& batch) {
  Array* pieces = Array::make(batch.arena(), 4);
  std::uint32_t last = 0;  // behind the last piece that is not empty
  const auto add = [&](std::string_view piece) {
    pieces->push(batch.arena(), Value::of(piece));
    if (!piece.empty()) last = pieces->size;
  };
  if (separator == " ") {
    for (std::size_t at = 0; (at = text.find_first_not_of(kSpace, at)) != std::string_view::npos;) {
      const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
      add(text.substr(at, end - at));
      at = end;
    }
  } else if (separator.empty()) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = std::max<std::size_t>(utf8_length(text.substr(at)), 1);
      add(text.substr(at, length));
      at += length;
    }
  } else {
    for (;;) {
      const std::size_t end = text.find(separator);
      add(text.substr(0, end));
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + separator.size());
    }
  }
  pieces->size = last;
  return Value::of(pieces);
}

}  // namespace millrace::mutate
