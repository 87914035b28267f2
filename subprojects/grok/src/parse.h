#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grok/grok.h"
#include "syntax.h"

namespace grok {

/// Why an expression cannot be read, at a byte of it.
struct SyntaxError {
  std::string message;
  std::string hint;
  std::size_t offset = 0;
};

/// Recursive descent over an expanded expression in Ruby's (Oniguruma's) syntax.
class Parser {
 public:
  static constexpr unsigned kMaxDepth = 1000;
  static constexpr std::size_t kMaxNodes = 400'000;
  static constexpr std::uint32_t kMaxRepeat = 65'535;  // PCRE2's bound

  /// `captures`: of the groups g0, g1, ... of `text`.
  Parser(std::string_view text, const std::vector<Capture>& captures)
      : text_(text), captures_(captures) {}

  /// nullopt: see error().
  std::optional<Syntax> parse();
  const SyntaxError& error() const { return error_; }

 private:
  struct Flags {
    bool ignore_case = false;
    bool dot_all = true;
    bool extended = false;
  };
  struct Bounds {
    std::uint32_t min, max;
    bool in_braces;
  };
  /// A class while it is read.
  struct ClassSet {
    CharSet all;
    CharSet leaving;  ///< without what `\w` and `\W` brought: see CharSet::add_cases()

    void add(char32_t first, char32_t last) {
      all.add(first, last);
      leaving.add(first, last);
    }
    void add(const CharSet& set) {
      all.add(set);
      leaving.add(set);
    }
    void add(const ClassSet& set) {
      all.add(set.all);
      leaving.add(set.leaving);
    }
    void intersect(const ClassSet& set) {
      all.intersect(set.all);
      leaving.intersect(set.leaving);
    }
    /// Joni leaves what is outside of ASCII as it is where the class named nothing there.
    void negate() {
      all.negate();
      const bool wide = !leaving.empty() && leaving.ranges().back().last > 0x7f;
      leaving.negate();
      if (!wide) leaving.intersect({{0, 0x7f}});
    }
  };
  using Parsed = std::optional<NodeId>;

  Parsed alternation();
  Parsed sequence();
  Parsed atom();
  Parsed quantified(NodeId target);
  std::optional<Bounds> bounds();
  Parsed group();
  Parsed special_group(std::size_t start);
  Parsed named_group(std::size_t start);
  Parsed options_group(std::size_t start);
  Parsed body(Kind kind, std::size_t start, std::uint32_t value = 0);
  Parsed escape();
  Parsed named_back_reference(std::size_t start);
  Parsed numbered_back_reference(std::size_t start);
  bool resolve_back_references();
  void measure();

  // parse_class.cc
  Parsed bracket();
  bool class_content(ClassSet& set, std::size_t start, unsigned depth);
  bool class_item(ClassSet& set, unsigned depth);
  bool class_range(ClassSet& set, std::size_t start);
  bool looking_at_posix() const;
  bool posix(ClassSet& set);
  bool property(ClassSet& set, std::size_t start, bool alone = false);
  std::optional<char32_t> class_char();
  std::optional<char32_t> escaped_char(std::size_t start);
  std::optional<char32_t> code_point();

  bool more() const { return at_ < text_.size(); }
  bool looking_at(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool skip(std::string_view what);
  void skip_ignored();
  NodeId add(Kind kind, std::size_t start, std::uint32_t value = 0);
  NodeId add_set(CharSet set, std::size_t start);
  NodeId add_literal(char32_t c, std::size_t start);
  std::nullopt_t fail(std::size_t at, std::string message, std::string hint = {});
  bool failed() const { return !error_.message.empty(); }

  const std::string_view text_;
  const std::vector<Capture>& captures_;
  Syntax out_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  Flags flags_;
  std::uint32_t plain_groups_ = 0;
  std::vector<NodeId> numbered_;  // back references by number
  SyntaxError error_;
};

}  // namespace grok
