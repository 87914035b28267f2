#include "emit.h"

#include <algorithm>
#include <cstdio>

namespace grok {
namespace {

constexpr std::uint32_t kRe2MaxRepeat = 1000;
/// Longer repeats only make a filter's automaton larger, not sharper.
constexpr std::uint32_t kFilterMaxRepeat = 8;

std::string escaped(char32_t code) {
  char text[16];
  std::snprintf(text, sizeof text, "\\x{%x}", static_cast<unsigned>(code));
  return text;
}

class Emitter {
 public:
  Emitter(const Syntax& syntax, Dialect dialect, bool plain_atomic)
      : syntax_(syntax), dialect_(dialect), plain_atomic_(plain_atomic) {
    out_.group_of_capture.assign(syntax.groups, 0);
    if (!filter()) number_groups(syntax.root);
  }

  Emitted run() {
    emit(syntax_.root);
    return std::move(out_);
  }

 private:
  bool re2() const { return dialect_ == Dialect::re2 || filter(); }
  bool filter() const { return dialect_ == Dialect::re2_filter; }
  bool ascii() const { return dialect_ == Dialect::pcre2_ascii; }
  void inexact() { out_.exact = false; }

  void number_groups(NodeId id);
  void emit(NodeId id);
  void literal(const Node& node);
  void set(const CharSet& set);
  void assertion(const Node& node);
  void alternate(const Node& node);
  void repeat(const Node& node);
  void capture(const Node& node);
  void look(const char* open, const Node& node);
  void back_reference(const Node& node);
  void word_boundary(bool wanted);

  void wrapped(const char* open, NodeId child) {
    out_.text += open;
    emit(child);
    out_.text += ')';
  }
  /// An alternation inside of a sequence needs a group.
  void operand(NodeId child) {
    if (syntax_[child].kind == Kind::alternate)
      wrapped("(?:", child);
    else
      emit(child);
  }

  const Syntax& syntax_;
  const Dialect dialect_;
  const bool plain_atomic_;
  Emitted out_;
  std::uint32_t groups_ = 0;
  bool counted_ = false;  // inside of a counted repeat
};

/// Beforehand, as a back reference may stand before its group. One in a part that is never run has
/// none: see repeat().
void Emitter::number_groups(NodeId id) {
  const Node& node = syntax_[id];
  if (node.kind == Kind::repeat && node.max == 0) return;
  if (node.kind == Kind::capture) out_.group_of_capture[node.value] = ++groups_;
  for (const NodeId child : node.children) number_groups(child);
}

void Emitter::emit(NodeId id) {
  const Node& node = syntax_[id];
  out_.places.emplace_back(out_.text.size(), node.offset);
  switch (node.kind) {
    case Kind::empty:
      break;
    case Kind::literal:
      return literal(node);
    case Kind::set:
      return set(syntax_.sets[node.value]);
    case Kind::line_begin:
    case Kind::line_end:
    case Kind::text_begin:
    case Kind::text_end:
    case Kind::text_end_line:
    case Kind::word_boundary:
    case Kind::no_word_boundary:
      return assertion(node);
    case Kind::concat:
      for (const NodeId child : node.children) operand(child);
      break;
    case Kind::alternate:
      return alternate(node);
    case Kind::repeat:
      return repeat(node);
    case Kind::capture:
      return capture(node);
    case Kind::atomic:
      if (re2() && !plain_atomic_) inexact();
      return wrapped(re2() || plain_atomic_ ? "(?:" : "(?>", node.children[0]);
    case Kind::look_ahead:
      return look("(?=", node);
    case Kind::not_ahead:
      return look("(?!", node);
    case Kind::look_behind:
      return look("(?<=", node);
    case Kind::not_behind:
      return look("(?<!", node);
    case Kind::back_reference:
      return back_reference(node);
  }
}

void Emitter::literal(const Node& node) {
  const char32_t c = node.value;
  const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  if (ascii() && c > 0x7f) {
    out_.text += "(?!)";
    return;
  }
  const std::string text = plain ? std::string(1, static_cast<char>(c)) : escaped(c);
  out_.text += text;
}

/// `[Bb]`, which RE2 makes one letter of any case and then, behind a `b|`, takes for `b`.
bool is_both_cases(const CharSet& set) {
  const auto& ranges = set.ranges();
  return ranges.size() == 2 && ranges[0].first == ranges[0].last &&
         ranges[1].first == ranges[1].last && ranges[0].first >= 'A' && ranges[0].first <= 'Z' &&
         ranges[1].first == ranges[0].first + 'a' - 'A';
}

void Emitter::set(const CharSet& set) {
  if (re2() && is_both_cases(set)) {
    out_.text +=
        "(?:" + escaped(set.ranges()[0].first) + "|" + escaped(set.ranges()[1].first) + ")";
    return;
  }
  std::string ranges;
  for (const CharSet::Range& range : set.ranges()) {
    if (ascii() && range.first > 0x7f) break;
    // Surrogates are no characters; no well-formed text has them.
    char32_t first = range.first,
             last = ascii() ? std::min<char32_t>(range.last, 0x7f) : range.last;
    if (first >= 0xd800 && first <= 0xdfff) first = 0xe000;
    if (last >= 0xd800 && last <= 0xdfff) last = 0xd7ff;
    if (first > last) continue;
    ranges += escaped(first);
    if (last > first) ranges += "-" + escaped(last);
  }
  const std::string text =
      ranges.empty() ? (re2() ? "[^\\x{0}-\\x{10ffff}]" : "(?!)") : "[" + ranges + "]";
  out_.text += text;
}

void Emitter::assertion(const Node& node) {
  switch (node.kind) {
    case Kind::line_begin:
      if (re2()) inexact();  // RE2 takes the end of a text behind its last newline for a line
      out_.text += '^';
      return;
    case Kind::line_end:
      out_.text += '$';
      return;
    case Kind::text_begin:
      out_.text += "\\A";
      return;
    case Kind::text_end:
      out_.text += "\\z";
      return;
    case Kind::text_end_line:
      if (re2()) return inexact();
      out_.text += "\\Z";
      return;
    default:
      return word_boundary(node.kind == Kind::word_boundary);
  }
}

/// Ruby's words are Unicode's, while the libraries' own boundaries follow `\w`.
void Emitter::word_boundary(bool wanted) {
  if (re2()) return inexact();
  if (ascii()) {
    out_.text += wanted ? "\\b" : "\\B";
    return;
  }
  const auto side = [this](const char* open) {
    out_.text += open;
    out_.text += kBoundaryExpression;
    out_.text += ')';
  };
  out_.text += "(?:";
  side("(?<=");
  side(wanted ? "(?!" : "(?=");
  out_.text += '|';
  side("(?<!");
  side(wanted ? "(?=" : "(?!");
  out_.text += ')';
}

void Emitter::alternate(const Node& node) {
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out_.text += '|';
    operand(node.children[i]);
  }
}

void Emitter::repeat(const Node& node) {
  // PCRE2 looks into what it is told to repeat no time when it considers where a match may begin.
  if (node.max == 0) return;
  std::uint32_t min = node.min, max = node.max;
  const bool counted = max != kUnbounded ? max > 1 : min > 1;
  if (filter() && counted && (counted_ || std::max(min, max) > kFilterMaxRepeat)) {
    min = std::min(min, 1u);
    max = kUnbounded;
  }
  if (dialect_ == Dialect::re2 &&
      (min > kRe2MaxRepeat || (max != kUnbounded && max > kRe2MaxRepeat)))
    inexact();
  if (dialect_ == Dialect::re2 && syntax_.repeats_empty(node)) inexact();
  const bool outer = std::exchange(counted_, counted_ || counted);
  const bool possessive = node.greed == Greed::possessive;
  if (possessive) {
    if (re2() && !plain_atomic_) inexact();
    if (!re2() && !plain_atomic_) out_.text += "(?>";
  }
  const Kind target = syntax_[node.children[0]].kind;
  // One character is repeated bare: libraries run that without a frame for each.
  if (target == Kind::literal || target == Kind::set)
    emit(node.children[0]);
  else
    wrapped("(?:", node.children[0]);
  if (max == kUnbounded && min <= 1)
    out_.text += min == 0 ? '*' : '+';
  else if (min == 0 && max == 1)
    out_.text += '?';
  else
    out_.text += '{' + std::to_string(min) + ',' +
                 (max == kUnbounded ? std::string() : std::to_string(max)) + '}';
  if (node.greed == Greed::lazy) out_.text += '?';
  if (possessive && !re2() && !plain_atomic_) out_.text += ')';
  counted_ = outer;
}

void Emitter::capture(const Node& node) {
  if (filter()) return wrapped("(?:", node.children[0]);
  wrapped("(", node.children[0]);
}

void Emitter::look(const char* open, const Node& node) {
  if (re2()) return inexact();
  wrapped(open, node.children[0]);
}

void Emitter::back_reference(const Node& node) {
  if (re2()) {
    inexact();
    if (filter()) out_.text += "(?s:.)*";
    return;
  }
  out_.text += node.caseless ? "(?i:" : "(?:";
  for (const std::uint32_t group : syntax_.back_references[node.value])
    if (const std::uint32_t number = out_.group_of_capture[group]; number > 0)
      out_.text += "\\g{" + std::to_string(number) + "}|";
  out_.text += "(?!))";
}

}  // namespace

std::uint32_t Emitted::origin(std::size_t at) const {
  const auto after = std::upper_bound(places.begin(), places.end(), at,
                                      [](std::size_t o, const auto& p) { return o < p.first; });
  return after == places.begin() ? 0 : std::prev(after)->second;
}

Emitted emit(const Syntax& syntax, Dialect dialect, bool plain_atomic) {
  return Emitter(syntax, dialect, plain_atomic).run();
}

}  // namespace grok
