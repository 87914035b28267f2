#include "pipeline/event/field_ref.h"

#include <atomic>
#include <charconv>

namespace millrace {
namespace {

constexpr std::size_t kMostSteps = 100;

std::atomic<EscapeStyle> escape_style{EscapeStyle::none};

std::optional<std::int64_t> as_index(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

struct Escape {
  std::string_view written;
  char meant;
};

void replace_all(std::string& text, const Escape& escape) {
  for (std::size_t at = 0; (at = text.find(escape.written, at)) != std::string::npos; ++at)
    text.replace(at, escape.written.size(), 1, escape.meant);
}

std::string unescaped(std::string_view step) {
  std::string text(step);
  switch (escape_style.load(std::memory_order_relaxed)) {
    case EscapeStyle::none:
      break;
    case EscapeStyle::percent:
      replace_all(text, {"%5B", '['});
      replace_all(text, {"%5D", ']'});
      replace_all(text, {"%5b", '['});
      replace_all(text, {"%5d", ']'});
      break;
    case EscapeStyle::ampersand:
      replace_all(text, {"&#91;", '['});
      replace_all(text, {"&#93;", ']'});
      break;
  }
  return text;
}

Error malformed(std::string_view text, std::string_view why) {
  return fail(Errc::invalid, "field reference `" + std::string(text.substr(0, 200)) +
                                 "` is malformed: " + std::string(why) +
                                 "; write `name` or `[outer][inner]`");
}

/// Cuts `[a][b]` into its steps; groups such as `[[a][b]][c]` flatten.
Result<std::vector<std::string_view>> cut(std::string_view text) {
  if (text.empty()) return malformed(text, "it is empty");
  if (text.find_first_of("[]") == std::string_view::npos) return std::vector{text};
  std::vector<std::string_view> steps;
  std::size_t depth = 0;
  std::size_t at = 0;
  bool named = false;  // the innermost open bracket has its name
  while (at < text.size()) {
    if (text[at] == '[') {
      if (named) return malformed(text, "`[` inside a name");
      ++depth;
      ++at;
    } else if (text[at] == ']') {
      if (depth == 0) return malformed(text, "`]` without `[`");
      if (at > 0 && text[at - 1] == '[') return malformed(text, "empty brackets");
      --depth;
      ++at;
      named = false;
    } else {
      if (depth == 0) return malformed(text, "text outside of brackets");
      if (named || (at > 0 && text[at - 1] != '[')) return malformed(text, "text between brackets");
      const std::size_t end = text.find_first_of("[]", at);
      steps.push_back(text.substr(at, end == std::string_view::npos ? end : end - at));
      at = end == std::string_view::npos ? text.size() : end;
      named = true;
      if (steps.size() > kMostSteps) return malformed(text, "more than 100 levels");
    }
  }
  if (depth != 0) return malformed(text, "`[` is not closed");
  if (steps.empty()) return malformed(text, "it names no field");
  return steps;
}

}  // namespace

void FieldRef::set_escape_style(EscapeStyle style) {
  escape_style.store(style, std::memory_order_relaxed);
}

template <typename Intern>
Result<FieldRef> FieldRef::parse_with(std::string_view text, Intern&& intern) {
  auto pieces = cut(text);
  if (!pieces) return std::move(pieces).error();
  std::vector<Step> steps;
  for (std::string_view piece : *pieces)
    steps.push_back({intern(unescaped(piece)), as_index(piece)});
  return FieldRef(std::move(steps), std::string(text));
}

Result<FieldRef> FieldRef::parse(std::string_view text) { return parse_with(text, Names::intern); }

Result<FieldRef> FieldRef::parse(std::string_view text, BatchNames& names) {
  return parse_with(text, [&](std::string_view name) { return names.id(name); });
}

FieldRef FieldRef::child(std::string_view name) const {
  FieldRef longer = *this;
  longer.steps_.push_back({Names::intern(name), as_index(name)});
  if (longer.text_.front() != '[') longer.text_ = "[" + longer.text_ + "]";
  longer.text_ += "[" + std::string(name) + "]";
  return longer;
}

}  // namespace millrace
