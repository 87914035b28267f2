#include "plugins/support/letter_case.h"

#include <locale.h>
#include <wctype.h>

#include "pipeline/event/buffer.h"
#include "pipeline/event/utf8.h"
#include "plugins/support/letter_case_special.h"

namespace millrace {
namespace {

/// The C library's character tables for all of Unicode; always there on Linux.
locale_t unicode() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

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

constexpr char32_t kDottedI = 0x130;  // its small letter is two characters

void small(char32_t c, Buffer& out) {
  if (c == kDottedI) return out.append("i\u0307");
  append(unicode() ? towlower_l(c, unicode()) : towlower(c), out);
}

/// Georgian has capitals, but none at the begin of a text.
bool is_georgian(char32_t c) {
  return (c >= 0x10D0 && c <= 0x10FF) || (c >= 0x1C90 && c <= 0x1CBF);
}

void large(char32_t c, Buffer& out) {
  if (const SpecialCase* special = c < 0x80 ? nullptr : special_case(c))
    return out.append(special->upper);
  append(unicode() ? towupper_l(c, unicode()) : towupper(c), out);
}

void capital(char32_t c, Buffer& out) {
  if (const SpecialCase* special = c < 0x80 ? nullptr : special_case(c))
    return out.append(special->title);
  if (is_georgian(c)) return small(c, out);
  large(c, out);
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
    if (p == start)
      first(c, out);
    else
      rest(c, out);
    p += length;
  }
  return batch.copy(out.view());
}

}  // namespace

Value uppercase(std::string_view text, Batch& batch) { return mapped(text, batch, large, large); }
Value lowercase(std::string_view text, Batch& batch) { return mapped(text, batch, small, small); }
Value capitalize(std::string_view text, Batch& batch) {
  return mapped(text, batch, capital, small);
}

}  // namespace millrace
