#include "pipeline/regex/ruby_regex.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace millrace {
namespace {

/// Letters that mean the same after a backslash in Ruby and in PCRE2; all others stand for
/// themselves in Ruby.
constexpr std::string_view kSameLetters = "ABCDGKMPRSWXZabcdefgknprtwxz";
constexpr std::string_view kFlags = "imx-";
constexpr std::string_view kHexDigits = "0-9a-fA-F";
constexpr std::string_view kWords = "0-9A-Za-z_";
constexpr std::string_view kNoWords = R"(\x00-/:-@\[-^`{-\x{10FFFF})";
constexpr std::string_view kNoDigits = R"(\x00-/:-\x{10FFFF})";
constexpr std::string_view kSpaces = "\\t\\n\\x0B\\f\\r ";

/// What POSIX classes hold in Ruby, where they know all of Unicode.
constexpr std::pair<std::string_view, std::string_view> kClasses[] = {
    {"alnum", "\\p{L}\\p{Nl}\\p{Nd}"},
    {"alpha", "\\p{L}\\p{Nl}"},
    {"blank", "\\t\\p{Zs}"},
    {"cntrl", "\\p{Cc}"},
    {"digit", "\\p{Nd}"},
    {"graph", "\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Cf}\\p{Co}"},
    {"lower", "\\p{Ll}"},
    {"print", "\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Cf}\\p{Co}\\p{Zs}"},
    {"punct", "\\p{P}$+<=>^`|~"},
    {"space", "\\t\\n\\x0B\\f\\r\\x{85}\\p{Z}"},
    {"upper", "\\p{Lu}"},
    {"word", "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}"},
};

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)); }

class Translator {
 public:
  explicit Translator(std::string_view ruby) : ruby_(ruby) {
    for (std::size_t at = 0; (at = ruby.find("(?<", at)) != std::string_view::npos; at += 3)
      if (at + 3 < ruby.size() && ruby[at + 3] != '=' && ruby[at + 3] != '!') has_names_ = true;
    for (std::size_t at = 0; at + 1 < ruby.size(); at += ruby[at] == '\\' ? 2 : 1)
      if (ruby[at] == '\\' && (ruby[at + 1] | 0x20) == 'b') out_.unicode_words = true;
    out_.re2_agrees = !out_.unicode_words;
  }

  Result<RubyRegex> run() {
    while (at_ < ruby_.size()) {
      const auto why = step();
      if (why)
        return fail(Errc::invalid, fmt::format("regular expression `{}`: {} at character {}", ruby_,
                                               *why, at_ + 1));
    }
    return std::move(out_);
  }

 private:
  using Refusal = std::optional<std::string_view>;

  char peek(std::size_t ahead) const {
    return at_ + ahead < ruby_.size() ? ruby_[at_ + ahead] : '\0';
  }

  /// Writes `text` for the next `read` characters.
  void emit(std::string_view text, std::size_t read) {
    out_.text += text;
    out_.origin.resize(out_.text.size(), at_);
    at_ += read;
  }
  void keep(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) emit(ruby_.substr(at_, 1), 1);
  }

  Refusal step() {
    if (peek(0) == '\\' && at_ + 1 < ruby_.size()) return escape();
    if (set_depth_ > 0) return in_set();
    if (peek(0) == '[') {
      open_set();
    } else if (peek(0) == '(') {
      group();
    } else if (is_upper_bound()) {
      emit("{0,", 2);
    } else {
      // RE2 finds a line's begin behind the last newline too, Ruby does not.
      if (peek(0) == '^') out_.re2_agrees = false;
      keep(1);
    }
    return std::nullopt;
  }

  /// `{,n}`, which for others is plain text.
  bool is_upper_bound() const {
    if (peek(0) != '{' || peek(1) != ',') return false;
    std::size_t ahead = 2;
    while (std::isdigit(static_cast<unsigned char>(peek(ahead)))) ++ahead;
    return ahead > 2 && peek(ahead) == '}';
  }

  /// `\w`, `\d` and their opposites are of ASCII even where `\b` knows Unicode.
  void ascii_class(char c) {
    const bool negated = c == 'W' || c == 'D';
    const bool digits = (c | 0x20) == 'd';
    if (set_depth_ > 0 && negated) return emit(digits ? kNoDigits : kNoWords, 2);
    const std::string_view members = digits ? "0-9" : kWords;
    emit(set_depth_ > 0 ? std::string(members) : fmt::format("[{}{}]", negated ? "^" : "", members),
         2);
  }

  Refusal escape() {
    const char c = peek(1);
    const bool in_set = set_depth_ > 0;
    if (out_.unicode_words && std::string_view("wWdD").find(c) != std::string_view::npos) {
      ascii_class(c);
    } else if (c == 'h') {
      emit(in_set ? std::string(kHexDigits) : fmt::format("[{}]", kHexDigits), 2);
    } else if (c == 's') {
      emit(in_set ? std::string(kSpaces) : fmt::format("[{}]", kSpaces), 2);
    } else if ((c == 'H' || c == 'S') && !in_set) {
      emit(fmt::format("[^{}]", c == 'H' ? kHexDigits : kSpaces), 2);
    } else if (c == 'H') {
      return "`\\H` inside a set is not supported";
    } else if (c == 'v') {
      emit("\\x0B", 2);
    } else if (c == 'u') {
      return unicode();
    } else if (is_letter(c) && kSameLetters.find(c) == std::string_view::npos) {
      emit(ruby_.substr(at_ + 1, 1), 2);
    } else {
      if (c == 'S') out_.re2_agrees = false;
      keep(2);
    }
    return std::nullopt;
  }

  Refusal unicode() {  // \uHHHH, \u{H...}
    const bool braces = peek(2) == '{';
    const std::size_t end = braces ? ruby_.find('}', at_) : at_ + 6;
    if (end == std::string_view::npos || end > ruby_.size()) return "`\\u` without its digits";
    const std::size_t from = at_ + (braces ? 3 : 2);
    const std::string_view digits = ruby_.substr(from, end - from);
    if (digits.empty() || digits.size() > 6 ||
        !std::all_of(digits.begin(), digits.end(),
                     [](unsigned char c) { return std::isxdigit(c); }))
      return "`\\u` without its digits";
    emit(fmt::format("\\x{{{}}}", digits), end + braces - at_);
    return std::nullopt;
  }

  /// A set of nothing but `[:^name:]`; no other set can say it.
  bool negated_class() {
    const bool negated = peek(1) == '^';
    const std::string_view rest = ruby_.substr(at_ + 1 + negated);
    for (const auto& [name, members] : kClasses) {
      const std::string whole = fmt::format("[:^{}:]]", name);
      if (!rest.starts_with(whole)) continue;
      emit(fmt::format("[{}{}]", negated ? "" : "^", members), 1 + negated + whole.size());
      return true;
    }
    return false;
  }

  void open_set() {
    if (negated_class()) return;
    ++set_depth_;
    keep(peek(1) == '^' ? 2 : 1);
    if (peek(0) == ']') emit("\\]", 1);  // first in a set it stands for itself
  }

  Refusal in_set() {
    if (ruby_.substr(at_).starts_with("&&")) return "an intersection of sets is not supported";
    if (ruby_.substr(at_).starts_with("[:")) {
      const std::size_t end = ruby_.find(":]", at_);
      if (end == std::string_view::npos) return "`[:` without `:]`";
      const std::string_view name = ruby_.substr(at_ + 2, end - at_ - 2);
      const auto known = std::find_if(std::begin(kClasses), std::end(kClasses),
                                      [&](const auto& entry) { return entry.first == name; });
      if (known == std::end(kClasses))
        keep(end + 2 - at_);
      else
        emit(known->second, end + 2 - at_);
    } else if (peek(0) == '[') {  // a set in a set adds its members
      if (peek(1) == '^') return "a negated set inside a set is not supported";
      ++set_depth_;
      emit("", 1);
    } else if (peek(0) == ']') {
      emit(--set_depth_ == 0 ? "]" : "", 1);
    } else {
      keep(1);
    }
    return std::nullopt;
  }

  void group() {
    if (peek(1) != '?') {
      if (has_names_) return emit("(?:", 1);
      ++out_.groups;
      return keep(1);
    }
    if (peek(2) == '<' && peek(3) != '=' && peek(3) != '!') return named_group();
    std::size_t end = at_ + 2;
    while (end < ruby_.size() && kFlags.find(ruby_[end]) != std::string_view::npos) ++end;
    keep(2);
    if (end == ruby_.size() || (ruby_[end] != ')' && ruby_[end] != ':')) return;
    while (at_ < end) {
      if (peek(0) == 'm')
        emit("s", 1);
      else
        keep(1);
    }
  }

  void named_group() {
    // No name holds a parenthesis: one that is not closed is not looked for far away each time.
    const std::size_t end = std::min(ruby_.find_first_of("(>", at_ + 3), ruby_.size());
    out_.names.emplace_back(ruby_.substr(at_ + 3, end - at_ - 3), ++out_.groups);
    emit("(?P<", 3);
  }

  const std::string_view ruby_;
  std::size_t at_ = 0;
  int set_depth_ = 0;
  bool has_names_ = false;
  RubyRegex out_;
};

}  // namespace

Result<RubyRegex> translate_ruby_regex(std::string_view expression) {
  return Translator(expression).run();
}

}  // namespace millrace
