#include "pipeline/config/lexer.h"

#include <algorithm>
#include <array>

namespace millrace::config {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

constexpr std::size_t kShownWordBytes = 40;
constexpr std::size_t kWidestIndent = 200;

struct OddCharacter {
  std::string_view bytes;
  const char* hint;
};

/// What word processors and web pages put in place of plain ASCII.
constexpr std::array<OddCharacter, 7> kOddCharacters{{
    {"\xC2\xA0", "this is a no-break space; put a plain space here"},
    {"\xE2\x80\x9C", "this is a typographic quote; use \""},
    {"\xE2\x80\x9D", "this is a typographic quote; use \""},
    {"\xE2\x80\x98", "this is a typographic quote; use '"},
    {"\xE2\x80\x99", "this is a typographic quote; use '"},
    {"\xE2\x80\x93", "this is a typographic dash; use -"},
    {"//", "comments begin with #"},
}};

}  // namespace

Span TextOrigin::span(std::size_t begin, std::size_t end) const {
  if (!exact) return whole;
  return Span{whole.source, whole.begin + static_cast<std::uint32_t>(begin),
              whole.begin + static_cast<std::uint32_t>(end)};
}

Lexer::Lexer(std::string_view text, TextOrigin origin, const SourceSet& sources,
             Diagnostics& diagnostics)
    : text_(text), origin_(origin), sources_(sources), diagnostics_(diagnostics) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text_.starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
}

void Lexer::skip_space() {
  while (position_ < text_.size()) {
    if (is_space(text_[position_])) {
      ++position_;
    } else if (text_[position_] == '#') {
      position_ = std::min(text_.find('\n', position_), text_.size());
    } else {
      return;
    }
  }
}

bool Lexer::at_end() {
  skip_space();
  return position_ >= text_.size();
}

char Lexer::peek() {
  skip_space();
  return position_ < text_.size() ? text_[position_] : '\0';
}

bool Lexer::next_is(std::string_view symbol) {
  skip_space();
  return text_.substr(position_).starts_with(symbol);
}

bool Lexer::accept(std::string_view symbol) {
  if (!next_is(symbol)) return false;
  position_ += symbol.size();
  return true;
}

std::string_view Lexer::word() {
  skip_space();
  const auto rest = text_.substr(position_);
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_name);
  return std::string_view(rest.begin(), end);
}

std::string_view Lexer::take_word() {
  const std::string_view taken = word();
  position_ += taken.size();
  return taken;
}

bool Lexer::word_before(std::string_view symbol) {
  skip_space();
  const std::size_t start = position_;
  const bool found = !take_word().empty() && next_is(symbol);
  position_ = start;
  return found;
}

/// A delimiter is closing unless a backslash stands right before it. That does not depend on where
/// the text opened: once no closing one is found, none will be found further on either.
std::optional<std::string_view> Lexer::delimited(char delimiter, std::string_view what) {
  skip_space();
  const std::size_t open = position_;
  std::size_t close = std::string_view::npos;
  if (unclosed_.find(delimiter) == std::string::npos) {
    close = text_.find(delimiter, open + 1);
    while (close != std::string_view::npos && close > open + 1 && text_[close - 1] == '\\') {
      close = text_.find(delimiter, close + 1);
    }
  }
  if (close == std::string_view::npos) {
    unclosed_ += delimiter;
    const std::size_t line_end = std::min(text_.find('\n', open), text_.size());
    const std::string_view line = text_.substr(open + 1, line_end - open - 1);
    const bool escaped = line.find(std::string("\\") + delimiter) != std::string_view::npos;
    position_ = line_end;
    error(origin_.span(open, open + 1), "this " + std::string(what) + " is never closed",
          escaped ? std::string("a backslash before ") + delimiter + " keeps it from closing" : "");
    return std::nullopt;
  }
  if (text_.substr(open, close - open).find('\n') != std::string_view::npos) {
    long_string_ = open;
    long_string_end_ = close;
  }
  position_ = close + 1;
  return text_.substr(open + 1, close - open - 1);
}

std::optional<std::string_view> Lexer::quoted() { return delimited(peek(), "string"); }

std::optional<std::string_view> Lexer::regexp() { return delimited('/', "regular expression"); }

std::string_view Lexer::number() {
  skip_space();
  std::size_t end = position_;
  const auto digits = [&] {
    const std::size_t begin = end;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    return end > begin;
  };
  if (end < text_.size() && text_[end] == '-') ++end;
  if (!digits()) return {};
  if (end < text_.size() && text_[end] == '.') {
    ++end;
    digits();
  }
  const std::string_view out = text_.substr(position_, end - position_);
  position_ = end;
  return out;
}

std::string_view Lexer::selector() {
  skip_space();
  std::size_t end = position_;
  while (end < text_.size() && text_[end] == '[') {
    const std::size_t stop = text_.find_first_of("[],", end + 1);
    if (stop == std::string_view::npos || text_[stop] != ']' || stop == end + 1) break;
    end = stop + 1;
  }
  const std::string_view out = text_.substr(position_, end - position_);
  position_ = end;
  return out;
}

Span Lexer::span_from(std::size_t begin) const {
  std::size_t end = position_;
  while (end > begin && is_space(text_[end - 1])) --end;
  return origin_.span(begin, end);
}

Span Lexer::next_span() {
  const std::size_t size = std::max<std::size_t>(word().size(), 1);
  return origin_.span(position_, std::min(position_ + size, text_.size()));
}

std::optional<std::size_t> Lexer::indent(std::size_t position, bool first_only) const {
  const std::size_t start = position - std::min(position, kWidestIndent);
  const std::size_t newline = text_.substr(start, position - start).rfind('\n');
  if (newline == std::string_view::npos && start != 0) return std::nullopt;
  const std::size_t begin = newline == std::string_view::npos ? 0 : start + newline + 1;
  std::size_t first = begin;
  while (first < position && (text_[first] == ' ' || text_[first] == '\t')) ++first;
  if (first_only && first != position) return std::nullopt;
  return first - begin;
}

void Lexer::error(Span span, std::string message, std::string hint) {
  if (!stopped_) diagnostics_.error(span, std::move(message), std::move(hint));
}

std::string Lexer::found() const {
  if (position_ >= text_.size()) return "end";
  const auto rest = text_.substr(position_);
  const auto byte = static_cast<unsigned char>(rest.front());
  if (is_name(rest.front())) {
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_name);
    return "`" + std::string(std::string_view(rest.begin(), end).substr(0, kShownWordBytes)) + "`";
  }
  if (byte >= 0x80) return "character that is not ASCII";
  if (byte < 0x20 || byte == 0x7F) return "control character " + std::to_string(byte);
  if (rest.front() == '"' || rest.front() == '\'') return "string";
  return std::string("`") + rest.front() + "`";
}

std::string Lexer::odd_character_hint() const {
  for (const OddCharacter& odd : kOddCharacters) {
    if (text_.substr(position_).starts_with(odd.bytes)) return odd.hint;
  }
  return "";
}

bool Lexer::follows_long_string() {
  if (!long_string_ || position_ <= long_string_end_) return false;
  const auto between = text_.substr(long_string_end_, position_ - long_string_end_);
  if (between.find('\n') == std::string_view::npos) return true;
  long_string_.reset();
  return false;
}

void Lexer::unexpected(std::string_view where, std::vector<std::string> expected,
                       std::string hint) {
  const Span span = next_span();
  if (stopped_ || last_error_ == position_) return;
  last_error_ = position_;
  if (hint.empty()) hint = odd_character_hint();
  std::size_t resume = position_;
  if (follows_long_string()) {
    const Span opening = origin_.span(*long_string_, *long_string_ + 1);
    hint = "a string that runs over several lines ended just before; is the closing quote of " +
           describe(opening) + " missing?";
    resume = std::min(text_.find('\n', *long_string_), text_.size());
    long_string_.reset();
  }
  std::string message = "unexpected " + found();
  if (!where.empty()) message += " " + std::string(where);
  diagnostics_.add(
      {Severity::error, span, std::move(message), std::move(expected), std::move(hint)});
  position_ = resume;
}

void Lexer::stop() {
  stopped_ = true;
  position_ = text_.size();
}

Level::Level(std::size_t& depth, Lexer& lexer) : depth_(++depth) {
  if (depth_ <= kMaxDepth || lexer.stopped()) return;
  lexer.error(lexer.next_span(), "nested more than " + std::to_string(kMaxDepth) + " levels deep");
  lexer.stop();
}

}  // namespace millrace::config
