#include "translate.h"

#include <array>
#include <cctype>
#include <cstdint>

namespace grok {
namespace {

/// Ruby's POSIX brackets know all of Unicode; PCRE2's only ASCII.
struct Posix {
  std::string_view name;
  std::string_view inside;  // what stands for it inside a class
};
constexpr std::array<Posix, 14> kPosix{{{"alnum", R"(\p{L}\p{M}\p{N})"},
                                        {"alpha", R"(\p{L}\p{M})"},
                                        {"ascii", R"(\x00-\x7f)"},
                                        {"blank", R"( \t\p{Zs})"},
                                        {"cntrl", R"(\p{Cc})"},
                                        {"digit", R"(\p{Nd})"},
                                        {"graph", R"(\p{L}\p{M}\p{N}\p{P}\p{S})"},
                                        {"lower", R"(\p{Ll})"},
                                        {"print", R"(\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs})"},
                                        {"punct", R"(\p{P}\p{S})"},
                                        {"space", R"(\s\x{85}\p{Z})"},
                                        {"upper", R"(\p{Lu})"},
                                        {"word", R"(\p{L}\p{M}\p{N}\p{Pc})"},
                                        {"xdigit", "0-9a-fA-F"}}};

class Translator {
 public:
  explicit Translator(std::string_view ruby) : in_(ruby) {}

  Translated run() {
    while (at_ < in_.size() && out_.error.empty()) step();
    close(open_.front());
    return std::move(out_);
  }

 private:
  void step() {
    const char c = in_[at_];
    if (c == '\\')
      escape(false);
    else if (c == '[')
      char_class();
    else if (rest().starts_with("(?"))
      group();
    else if (c == '(')
      open("(", 1);
    else if (c == ')')
      close_group();
    else if (c == '{')
      repeat();
    else
      put(in_.substr(at_, 1), 1);
  }

  void open(std::string_view text, std::size_t taken) {
    open_.push_back(0);
    put(text, taken);
  }
  void close(int extra) {
    for (; extra > 0; --extra) put(")", 0);
  }
  void close_group() {
    if (open_.size() > 1) {
      close(open_.back());
      open_.pop_back();
    }
    put(")", 1);
  }

  std::string_view rest() const { return in_.substr(at_); }

  /// Appends `text` for the next `taken` bytes.
  void put(std::string_view text, std::size_t taken) {
    out_.text += text;
    out_.origin.resize(out_.text.size(), static_cast<std::uint32_t>(at_));
    at_ += taken;
  }

  void refuse(std::string error, std::string hint) {
    out_.error = std::move(error);
    out_.hint = std::move(hint);
    out_.error_offset = at_;
  }

  /// `{n}`, `{n,}`, `{n,m}` and `{,m}`; any other brace is itself.
  void repeat() {
    std::size_t end = at_ + 1;
    const auto digits = [&] {
      while (end < in_.size() && std::isdigit(static_cast<unsigned char>(in_[end]))) ++end;
    };
    digits();
    const bool from_zero = end == at_ + 1;
    const bool range = end < in_.size() && in_[end] == ',';
    if (range) {
      ++end;
      digits();
    }
    if (end >= in_.size() || in_[end] != '}' || end - at_ < 2 || (from_zero && end - at_ < 3))
      return put("{", 1);
    const char after = end + 1 < in_.size() ? in_[end + 1] : '\0';
    if (after == '+' || (after == '?' && !range))
      return refuse(
          "in Ruby's syntax a `+` behind `{n,m}`, or a `?` behind `{n}`, repeats the repeat",
          "put what is repeated into a group: `(?:a{2})?`");
    put(from_zero ? "{0" : "{", 1);
    put(in_.substr(at_, end + 1 - at_), end + 1 - at_);
  }

  void escape(bool in_class) {
    if (at_ + 1 >= in_.size())
      return refuse("a backslash at the end", "write `\\\\` for a backslash");
    const char c = in_[at_ + 1];
    if (c == 'h') return put(in_class ? "0-9a-fA-F" : "[0-9a-fA-F]", 2);
    if (c == 'H' && !in_class) return put("[^0-9a-fA-F]", 2);
    if (const std::string_view set = ascii_set(c, in_class); !set.empty()) return put(set, 2);
    if (c == 'u' && at_ + 5 < in_.size())
      return put("\\x{" + std::string(in_.substr(at_ + 2, 4)) + "}", 6);
    if (c == 'g')
      return refuse("calls of groups (`\\g<name>`) are not supported",
                    "give what the group holds a pattern name and use it twice");
    if (c == 'k' || (c >= '1' && c <= '9' && !in_class)) out_.has_back_references = true;
    put(in_.substr(at_, 2), 2);
  }

  /// `\\w`, `\\d` and `\\s` are ASCII for Ruby, while `\\b` knows all letters: so PCRE2 is told to
  /// know them too, and the sets are written out.
  static std::string_view ascii_set(char c, bool in_class) {
    switch (c) {
      case 'w':
        return in_class ? "a-zA-Z0-9_" : "[a-zA-Z0-9_]";
      case 'd':
        return in_class ? "0-9" : "[0-9]";
      case 's':
        return in_class ? "\\t-\\r " : "[\\t-\\r ]";
      case 'W':
        return in_class ? "\\x00-/:-@\\[-^`{-\\x{10ffff}" : "[^a-zA-Z0-9_]";
      case 'D':
        return in_class ? "\\x00-/:-\\x{10ffff}" : "[^0-9]";
      case 'S':
        return in_class ? "\\x00-\\x08\\x0e-\\x1f!-\\x{10ffff}" : "[^\\t-\\r ]";
      default:
        return {};
    }
  }

  /// Ruby nests classes, PCRE2 does not: a plain inner class joins the outer one.
  void char_class() {
    put("[", 1);
    if (at_ < in_.size() && in_[at_] == '^') put("^", 1);
    if (at_ < in_.size() && in_[at_] == ']') put("\\]", 1);
    for (int depth = 1; at_ < in_.size() && out_.error.empty();) {
      if (in_[at_] == '\\') {
        escape(true);
      } else if (rest().starts_with("[:") && posix()) {
      } else if (rest().starts_with("[^")) {
        return refuse("a negated class inside of a class is not supported",
                      "write one class, or two with `|` between them");
      } else if (in_[at_] == '[') {
        ++depth;
        put("", 1);
      } else if (in_[at_] == ']') {
        put(--depth == 0 ? "]" : "", 1);
        if (depth == 0) return;
      } else if (rest().starts_with("&&")) {
        return refuse("intersections of classes (`&&`) are not supported",
                      "use a look-ahead: `(?=[a-z])[^aeiou]`");
      } else {
        put(in_.substr(at_, 1), 1);
      }
    }
    if (out_.error.empty()) refuse("a class that is not closed", "close it with `]`");
  }

  bool posix() {
    for (const Posix& posix : kPosix) {
      const std::string written = "[:" + std::string(posix.name) + ":]";
      if (!rest().starts_with(written)) continue;
      put(posix.inside, written.size());
      return true;
    }
    return false;
  }

  /// `(?` and what follows it up to where the group's content begins.
  void group() {
    static constexpr std::string_view kFlags = "mix-";
    std::size_t end = at_ + 2;
    while (end < in_.size() && kFlags.find(in_[end]) != std::string_view::npos) ++end;
    if (rest().starts_with("(?~"))
      return refuse("absent operators (`(?~`) are not supported",
                    "use a lazy repeat and a look-ahead");
    if (end == at_ + 2 || end >= in_.size() || (in_[end] != ':' && in_[end] != ')'))
      return open("(?", 2);
    std::string flags(in_.substr(at_ + 2, end - at_ - 2));
    for (char& flag : flags)
      if (flag == 'm') flag = 's';  // Ruby's m lets the dot match newlines
    if (in_[end] == ':') return open("(?" + flags, end - at_);
    // `a(?i)b|c` is `a(?i:b|c)`: flags on their own hold to the end of the group they stand in.
    ++open_.back();
    put("(?" + flags + ":", end + 1 - at_);
  }

  const std::string_view in_;
  std::size_t at_ = 0;
  Translated out_;
  std::vector<int> open_{0};  // for each open group, how many parentheses its flags opened
};

}  // namespace

Translated translate(std::string_view ruby) { return Translator(ruby).run(); }

}  // namespace grok
