#include "plugins/support/charset.h"

#include <simdjson.h>
#include <strings.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <new>

#include "plugins/support/ruby_text.h"

namespace millrace {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t kMostGap = 16;  // between texts that are checked as one
constexpr std::size_t kKeptBuffer = 64 * 1024;

const iconv_t kNoIconv = reinterpret_cast<iconv_t>(-1);

struct Alias {
  const char* ruby;
  const char* iconv;
};
/// Ruby's names that iconv does not know or reads otherwise. "" is UTF-8.
constexpr Alias kAliases[] = {
    {"UTF-8", ""},
    {"CP65001", ""},
    {"locale", ""},
    {"external", ""},
    {"filesystem", ""},
    {"ASCII-8BIT", "ASCII"},
    {"BINARY", "ASCII"},
    {"646", "ASCII"},
    {"macRoman", "MACINTOSH"},
    {"macCyrillic", "MAC-CYRILLIC"},
    {"macCentEuro", "MAC-CENTRALEUROPE"},
    {"macIceland", "MAC-IS"},
    {"macUkraine", "MAC-UK"},
    {"eucJP-ms", "EUC-JP-MS"},
    {"CP51932", "EUC-JP-MS"},
    {"CP878", "KOI8-R"},
};

std::string iconv_name(const std::string& name) {
  for (const Alias& alias : kAliases)
    if (strcasecmp(name.c_str(), alias.ruby) == 0) return alias.iconv;
  return name;
}

std::size_t unit_bytes(const std::string& name) {
  if (strncasecmp(name.c_str(), "UTF-16", 6) == 0) return 2;
  return strncasecmp(name.c_str(), "UTF-32", 6) == 0 ? 4 : 1;
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Whether `text` may be checked together with a text that ends at `end`: close behind it, and with
/// no character across either border.
bool follows(const char* end, std::string_view text) {
  const auto gap =
      reinterpret_cast<std::uintptr_t>(text.data()) - reinterpret_cast<std::uintptr_t>(end);
  return gap <= kMostGap && !continues(*end) && !continues(*text.data());
}

bool valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

bool all_valid(std::span<const std::string_view> texts) {
  for (std::size_t i = 0; i < texts.size();) {
    const char* const begin = texts[i].data();
    const char* end = begin + texts[i].size();
    for (++i; i < texts.size() && follows(end, texts[i]); ++i)
      end = texts[i].data() + texts[i].size();
    if (!valid_utf8({begin, static_cast<std::size_t>(end - begin)})) return false;
  }
  return true;
}

}  // namespace

Result<Charset> Charset::find(const std::string& name) {
  Charset charset;
  charset.iconv_name_ = iconv_name(name);
  charset.unit_bytes_ = unit_bytes(name);
  if (charset.is_utf8() && !name.empty()) return charset;
  // iconv reads what follows a slash as options, and "" as what the locale says.
  const bool plain = !name.empty() && name.find('/') == std::string::npos;
  const iconv_t probe = plain ? iconv_open("UTF-8", charset.iconv_name_.c_str()) : kNoIconv;
  if (probe == kNoIconv)
    return fail(Errc::invalid, "`" + name +
                                   "` is no charset that this system can convert; expected a name "
                                   "such as UTF-8, ISO-8859-1, CP1252 or Shift_JIS");
  iconv_close(probe);
  return charset;
}

Utf8Reader::Utf8Reader(const Charset& charset)
    : unit_bytes_(charset.unit_bytes_),
      iconv_(charset.is_utf8() ? kNoIconv : iconv_open("UTF-8", charset.iconv_name_.c_str())) {
  // find() has opened it before, so only memory can be missing.
  if (!charset.is_utf8() && iconv_ == kNoIconv) throw std::bad_alloc();
}

Utf8Reader::~Utf8Reader() {
  if (iconv_ != kNoIconv) iconv_close(iconv_);
}

std::span<const std::string_view> Utf8Reader::read(std::span<const std::string_view> texts,
                                                   Batch& batch) {
  if (iconv_ == kNoIconv && all_valid(texts)) return texts;
  converted_.assign(texts.begin(), texts.end());
  for (std::string_view& text : converted_) {
    if (iconv_ == kNoIconv && valid_utf8(text)) continue;
    buffer_.recycle(kKeptBuffer);
    if (iconv_ == kNoIconv) {
      append_inspected(text, buffer_);
    } else {
      convert(text);
    }
    text = batch.arena().copy(buffer_.view());
  }
  return converted_;
}

/// Appends `text` to buffer_ as UTF-8.
void Utf8Reader::convert(std::string_view text) {
  char* from = const_cast<char*>(text.data());  // iconv's signature; it does not write there
  std::size_t left = text.size();
  iconv(iconv_, nullptr, nullptr, nullptr, nullptr);
  while (left > 0) {
    const std::size_t room = left * 2 + 16;
    char* to = buffer_.reserve(room);
    std::size_t free = room;
    const std::size_t done = iconv(iconv_, &from, &left, &to, &free);
    const int error = done == static_cast<std::size_t>(-1) ? errno : 0;
    buffer_.commit(room - free);
    if (error == 0 || error == E2BIG) continue;
    buffer_.append(kReplacement);
    const std::size_t skipped = error == EINVAL ? left : std::min(left, unit_bytes_);
    from += skipped;
    left -= skipped;
  }
}

}  // namespace millrace
