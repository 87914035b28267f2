#include "plugins/filters/mutate/text.h"

#include <algorithm>

#include "pipeline/event/buffer.h"
#include "pipeline/event/utf8.h"

namespace millrace::mutate {
namespace {

constexpr std::string_view kSpace = " \t\n\v\f\r";

}  // namespace

Value strip(std::string_view text) {
  const auto is_space = [](char c) { return c == '\0' || kSpace.find(c) != kSpace.npos; };
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return Value::of(text);
}

Value split_text(std::string_view text, std::string_view separator, Batch& batch) {
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
