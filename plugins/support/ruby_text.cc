#include "plugins/support/ruby_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pipeline/event/real_text.h"
#include "pipeline/event/template.h"
#include "pipeline/event/utf8.h"

namespace millrace {
namespace {

char letter_escape(char c) {
  constexpr std::string_view kControls = "\a\b\t\n\v\f\r\x1B";
  constexpr std::string_view kLetters = "abtnvfre";
  const std::size_t at = kControls.find(c);
  return at == std::string_view::npos ? '\0' : kLetters[at];
}

/// Whether `rest` begins with what would interpolate in a Ruby string literal.
bool interpolates(std::string_view rest) {
  return rest.size() > 1 && rest[0] == '#' && (rest[1] == '{' || rest[1] == '$' || rest[1] == '@');
}

void append_ascii(std::string_view rest, Buffer& out) {
  const char c = rest[0];
  if (const char letter = letter_escape(c)) {
    out.push_back('\\');
    out.push_back(letter);
  } else if (c == '\x7F') {
    out.append("\\x7F");
  } else if (static_cast<unsigned char>(c) < ' ') {
    out.append(fmt::format("\\u{:04X}", static_cast<unsigned>(c)));
  } else {
    if (c == '"' || c == '\\' || interpolates(rest)) out.push_back('\\');
    out.push_back(c);
  }
}

/// U+0080 to U+009F, and the line and paragraph separators: not printable.
bool is_hidden(std::string_view character) {
  return (character.size() == 2 && character[0] == '\xC2' &&
          static_cast<unsigned char>(character[1]) < 0xA0) ||
         character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9";
}

void append_character(std::string_view character, Buffer& out) {
  if (!is_hidden(character)) return out.append(character);
  const unsigned code = character.size() == 2 ? static_cast<unsigned char>(character[1])
                                              : 0x2000u | (character[2] & 0x3Fu);
  out.append(fmt::format("\\u{:04X}", code));
}

void append_real(double number, Buffer& out) {
  if (std::isnan(number)) return out.append("NaN");
  if (std::isinf(number)) return out.append(number < 0 ? "-Infinity" : "Infinity");
  char* const to = out.reserve(kRealTextBytes);
  out.commit(static_cast<std::size_t>(write_ruby_real(number, to) - to));
}

void append_list(const Batch& batch, const Array& array, Buffer& out) {
  out.push_back('[');
  for (std::uint32_t i = 0; i < array.size; ++i) {
    if (i) out.append(", ");
    append_inspected(batch, array.items[i], out);
  }
  out.push_back(']');
}

void append_hash(const Batch& batch, const Object& object, Buffer& out) {
  out.push_back('{');
  for (std::uint32_t i = 0; i < object.size; ++i) {
    if (i) out.append(", ");
    out.push_back('"');
    append_inspected(batch.names()[object.names[i]].text, out);
    out.append("\"=>");
    append_inspected(batch, object.values[i], out);
  }
  out.push_back('}');
}

}  // namespace

void append_inspected(std::string_view text, Buffer& out) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out.append(fmt::format("\\x{:02X}", static_cast<unsigned char>(text[0])));
    } else if (length == 1) {
      append_ascii(text, out);
    } else {
      append_character(text.substr(0, length), out);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

void append_inspected(const Batch& batch, const Value& value, Buffer& out) {
  switch (value.type()) {
    case Type::null:
      return out.append("nil");
    case Type::string:
      out.push_back('"');
      append_inspected(value.text(), out);
      return out.push_back('"');
    case Type::array:
      return append_list(batch, value.array(), out);
    case Type::object:
      return append_hash(batch, value.object(), out);
    case Type::real:
      return append_real(value.real(), out);
    default:
      return append_text(batch, value, out);
  }
}

void append_to_s(const Batch& batch, const Value& value, Buffer& out) {
  if (value.is_string()) return out.append(value.text());
  if (!value.is_null()) append_inspected(batch, value, out);
}

}  // namespace millrace
