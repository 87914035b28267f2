#include "plugins/filters/kv_scanner.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

/// What closes a value that begins with `open`; 0 where nothing does.
char closing(char open, bool brackets) {
  switch (open) {
    case '"':
    case '\'':
      return open;
    case '(':
      return brackets ? ')' : '\0';
    case '[':
      return brackets ? ']' : '\0';
    case '<':
      return brackets ? '>' : '\0';
    default:
      return '\0';
  }
}

Result<Regex> compile(const char* option, const std::string& pattern) {
  auto regex = Regex::compile(pattern);
  if (!regex) return fail(std::move(regex).error().at(option));
  return regex;
}

}  // namespace

Result<KvScanner> KvScanner::create(const KvSyntax& syntax) {
  KvScanner out;
  out.lenient_ = syntax.lenient;
  out.brackets_ = syntax.brackets;
  out.by_pattern_ = syntax.field_split_pattern || syntax.value_split_pattern;
  if (!out.by_pattern_) {
    auto field = CharClass::parse(syntax.field_split);
    if (!field) return fail(std::move(field).error().at("field_split"));
    auto value = CharClass::parse(syntax.value_split);
    if (!value) return fail(std::move(value).error().at("value_split"));
    out.field_split_ = std::move(*field);
    out.value_split_ = std::move(*value);
    return out;
  }
  const std::string space = syntax.lenient ? " *" : "";
  const std::string value = syntax.value_split_pattern.value_or("[" + syntax.value_split + "]");
  auto field_regex = compile("field_split_pattern",
                             syntax.field_split_pattern.value_or("[" + syntax.field_split + "]"));
  if (!field_regex) return fail(std::move(field_regex).error());
  auto value_regex = compile("value_split_pattern", space + "(?:" + value + ")" + space);
  if (!value_regex) return fail(std::move(value_regex).error());
  out.field_split_regex_ = std::move(*field_regex);
  out.value_split_regex_ = std::move(*value_regex);
  return out;
}

const Regex::Span* KvScan::Ahead::from(const Regex& regex, std::string_view text, std::size_t at) {
  if (none_) return nullptr;
  if (!match_ || match_->begin < at) match_ = regex.find(text, at);
  none_ = !match_;
  return none_ ? nullptr : &*match_;
}

KvScan::Step KvScan::next(std::string_view& key, std::string_view& value) {
  while (at_ < text_.size()) {
    std::size_t end = key_end(at_);
    if (end == at_) {
      ++at_;
      if (scanner_.by_pattern_) return Step::more;
      continue;
    }
    auto value_begin = after_value_split(end);
    if (!value_begin) value_begin = split_after_escape(at_, end);
    if (!value_begin) {  // a later begin would come to the same end
      at_ = end;
      continue;
    }
    key = text_.substr(at_, end - at_);
    at_ = take_value(*value_begin, value);
    return Step::pair;
  }
  return Step::end;
}

std::size_t KvScan::key_end(std::size_t from) { return stop(from, true); }

/// The first position from `from` on that no key may pass (or no value, where `at_value_split` is
/// false).
std::size_t KvScan::stop(std::size_t from, bool at_value_split) {
  const auto is_escaped_space = [&](std::size_t at) {
    return text_[at] == '\\' && at + 1 < text_.size() && text_[at + 1] == ' ';
  };
  std::size_t at = from;
  if (!scanner_.by_pattern_) {
    while (at < text_.size()) {
      if (is_escaped_space(at)) {
        at += 2;
      } else if (scanner_.field_split_.match(text_, at) ||
                 (at_value_split && scanner_.value_split_.match(text_, at))) {
        break;
      } else {
        ++at;
      }
    }
    return at;
  }
  for (;;) {
    const Regex::Span* const field = field_split_.from(*scanner_.field_split_regex_, text_, at);
    const Regex::Span* const split =
        at_value_split ? value_split_.from(*scanner_.value_split_regex_, text_, at) : nullptr;
    const std::size_t separator =
        std::min(field ? field->begin : text_.size(), split ? split->begin : text_.size());
    const std::size_t line_end = std::min(next_of('\n', at), separator);
    if (line_end >= separator && separator > at && separator < text_.size() &&
        is_escaped_space(separator - 1)) {
      at = separator + 1;  // it begins at a space that is escaped, where nobody looks
      continue;
    }
    return line_end;
  }
}

/// Where the value begins if `at` is where the separator does.
std::optional<std::size_t> KvScan::after_value_split(std::size_t at) {
  if (scanner_.by_pattern_) {
    const Regex::Span* const split = value_split_.from(*scanner_.value_split_regex_, text_, at);
    if (!split || split->begin != at) return std::nullopt;
    return split->end;
  }
  const auto after_spaces = [&](std::size_t from) {
    return std::min(text_.find_first_not_of(' ', from), text_.size());
  };
  std::size_t split = scanner_.lenient_ ? after_spaces(at) : at;
  std::size_t size = scanner_.value_split_.match(text_, split);
  if (size == 0 && split > at) size = scanner_.value_split_.match(text_, --split);  // is a space
  if (size == 0) return std::nullopt;
  return scanner_.lenient_ ? after_spaces(split + size) : split + size;
}

/// Where the key from `begin` finds no separator at its end: an escaped space in it may be one, and
/// the backslash the key's last character. Moves `end` there.
std::optional<std::size_t> KvScan::split_after_escape(std::size_t begin, std::size_t& end) {
  if (scanner_.by_pattern_ || !scanner_.value_split_.match(" ", 0)) return std::nullopt;
  for (std::size_t at = end; at-- > begin + 1;) {
    if (text_[at] != ' ' || text_[at - 1] != '\\') continue;
    const auto after = after_value_split(at);
    if (!after) continue;
    end = at;
    return after;
  }
  return std::nullopt;
}

/// Where the pair ends whose value ends at `at`: behind a field separator, or at the end of a line.
std::optional<std::size_t> KvScan::after_pair(std::size_t at, Ahead& ahead) {
  if (scanner_.by_pattern_) {
    const Regex::Span* const field = ahead.from(*scanner_.field_split_regex_, text_, at);
    if (field && field->begin == at) return field->end;
  } else if (const std::size_t size = scanner_.field_split_.match(text_, at)) {
    return at + size;
  }
  if (at == text_.size() || text_[at] == '\n') return at;
  return std::nullopt;
}

/// Takes the value that begins at `from`, and returns where the pair ends.
std::size_t KvScan::take_value(std::size_t from, std::string_view& value) {
  std::size_t end = from;
  if (take_enclosed(from, end, value)) return end;
  const std::size_t value_end = std::max(stop(from, false), from);
  value = text_.substr(from, value_end - from);
  return after_pair(value_end, field_split_).value_or(value_end);
}

bool KvScan::take_enclosed(std::size_t from, std::size_t& end, std::string_view& value) {
  if (from >= text_.size()) return false;
  const char close = closing(text_[from], scanner_.brackets_);
  if (close == '\0') return false;
  const std::size_t at = next_of(close, from + 1);
  if (at == kNowhere) return false;
  // Looks ahead of where the value would end without a quote, so field_split_ cannot be asked.
  const auto after = after_pair(at + 1, behind_closing_[kClosings.find(close)]);
  if (!after) return false;
  value = text_.substr(from + 1, at - from - 1);
  end = *after;
  return true;
}

/// Looks through the text once for each character, however often it is asked.
std::size_t KvScan::next_of(char c, std::size_t from) {
  std::size_t& known = ahead_[static_cast<unsigned char>(c)];
  if (known == 0 || (known != kNowhere && known - 1 < from)) {
    const std::size_t found = text_.find(c, from);
    known = found == std::string_view::npos ? kNowhere : found + 1;
  }
  return known == kNowhere ? kNowhere : known - 1;
}

}  // namespace millrace
