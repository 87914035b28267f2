#include <algorithm>

#include "expression.h"
#include "utf8.h"

namespace grok::testing {
namespace {

constexpr unsigned kRe2Copies = 1000;

/// `\w`, `\d`, `\s` and `\h` are ASCII in Ruby; here as what stands between brackets.
std::string_view written_out(char letter) {
  switch (letter | 0x20) {
    case 'd':
      return "0-9";
    case 'w':
      return "a-zA-Z0-9_";
    case 's':
      return "\\t-\\r ";
    default:
      return "0-9a-fA-F";
  }
}
bool is_negation(char letter) { return letter < 'a'; }

class Printer {
 public:
  explicit Printer(Dialect dialect) : dialect_(dialect) {}

  void node(const Node& node) {
    switch (node.kind) {
      case Kind::empty:
        break;
      case Kind::literal:
        literal(node.literal, "\\^$.|?*+()[]{}");
        break;
      case Kind::any:
        text() += '.';
        break;
      case Kind::set:
        set(node);
        break;
      case Kind::anchor:
        anchor(node.anchor);
        break;
      case Kind::sequence:
        for (const Node& child : node.children) part(child);
        break;
      case Kind::choice:
        choice(node);
        break;
      case Kind::repeat:
        repeat(node);
        break;
      case Kind::capture:
        capture(node);
        break;
      case Kind::atomic:
        atomic(node.children[0]);
        break;
      case Kind::look:
        look(node);
        break;
      case Kind::back_reference:
        out_.possible &= dialect_ != Dialect::re2;
        text() += "\\k<" + node.name + ">";
        break;
      case Kind::ignore_case:
        group("(?i:", node.children[0]);
        break;
    }
  }

  Printed take() { return std::move(out_); }

 private:
  std::string& text() { return out_.text; }

  void group(std::string_view open, const Node& inner) {
    text() += open;
    node(inner);
    text() += ')';
  }

  /// Inside of a sequence.
  void part(const Node& child) { child.kind == Kind::choice ? group("(?:", child) : node(child); }

  void literal(char32_t c, std::string_view special) {
    if (c < 0x20 || c == 0x7F) {
      static constexpr char kHex[] = "0123456789abcdef";
      text() += std::string("\\x") + kHex[c >> 4] + kHex[c & 15];
      return;
    }
    if (c < 0x80 && special.find(static_cast<char>(c)) != std::string_view::npos) text() += '\\';
    append_utf8(text(), c);
  }

  void anchor(char which) {
    if (which == '^' || which == '$') {
      text() += which;
    } else if (which == 'Z' && dialect_ == Dialect::re2) {
      out_.possible = false;
    } else {
      text() += '\\';
      text() += which;
    }
  }

  void choice(const Node& node_) {
    for (std::size_t i = 0; i < node_.children.size(); ++i) {
      if (i) text() += '|';
      node_.children[i].kind == Kind::choice ? group("(?:", node_.children[i])
                                             : node(node_.children[i]);
    }
  }

  /// How many copies of its innermost part RE2 would write out.
  static unsigned copies(const Node& node) {
    unsigned most = 1;
    for (const Node& child : node.children) most = std::max(most, copies(child));
    if (node.kind == Kind::repeat) {
      const unsigned times = std::max(1u, node.max == kUnbounded ? node.min : node.max);
      most = times > kRe2Copies / most ? kRe2Copies + 1 : most * times;
    }
    return most;
  }

  void repeat(const Node& node_) {
    const Node& inner = node_.children[0];
    const bool single = inner.kind == Kind::any || inner.kind == Kind::set ||
                        (inner.kind == Kind::literal && inner.literal >= 0x20);
    single || inner.kind == Kind::capture || inner.kind == Kind::atomic ? node(inner)
                                                                        : group("(?:", inner);
    unsigned max = node_.max;
    if (dialect_ == Dialect::re2 && max != kUnbounded && copies(node_) > kRe2Copies) {
      max = kUnbounded;
      ++out_.bounds_dropped;
    }
    quantifier(node_.min, max);
    if (node_.greed == Greed::lazy) text() += '?';
    if (node_.greed != Greed::possessive) return;
    dialect_ == Dialect::re2 ? void(++out_.atomic_made_plain) : void(text() += '+');
  }

  void quantifier(unsigned min, unsigned max) {
    if (max == kUnbounded && min <= 1)
      text() += min == 0 ? '*' : '+';
    else if (min == 0 && max == 1)
      text() += '?';
    else if (min == max)
      text() += "{" + std::to_string(min) + "}";
    else
      text() += "{" + std::to_string(min) + "," +
                (max == kUnbounded ? std::string() : std::to_string(max)) + "}";
  }

  void capture(const Node& node_) {
    const std::string number = "g" + std::to_string(captures_++);
    const bool own = dialect_ == Dialect::ruby || dialect_ == Dialect::oniguruma;
    group((dialect_ == Dialect::re2 ? "(?P<" : "(?<") + (own ? node_.name : number) + ">",
          node_.children[0]);
  }

  void atomic(const Node& inner) {
    if (dialect_ == Dialect::re2) ++out_.atomic_made_plain;
    group(dialect_ == Dialect::re2 ? "(?:" : "(?>", inner);
  }

  void look(const Node& node_) {
    if (dialect_ == Dialect::re2) {
      out_.possible &= count_captures(node_) == 0;
      ++out_.looks_dropped;
      return;
    }
    group(std::string("(?") + (node_.behind ? "<" : "") + (node_.negated ? "!" : "="),
          node_.children[0]);
  }

  void set(const Node& node_) {
    const bool alone = node_.items.size() == 1 && !node_.negated &&
                       node_.items[0].kind == ClassItem::Kind::shorthand;
    if (alone && dialect_ == Dialect::oniguruma) {
      const char letter = node_.items[0].letter;
      text() += is_negation(letter) ? "[^" : "[";
      text() += std::string(written_out(letter)) + "]";
      return;
    }
    if (alone && (node_.items[0].letter | 0x20) != 'h') {
      text() += '\\';
      text() += node_.items[0].letter;
      return;
    }
    brackets(node_.items, node_.negated);
  }

  void brackets(const std::vector<ClassItem>& items, bool negated) {
    text() += negated ? "[^" : "[";
    for (const ClassItem& item_ : items) item(item_);
    text() += ']';
  }

  void item(const ClassItem& item_) {
    switch (item_.kind) {
      case ClassItem::Kind::range:
        literal(item_.first, "\\^-[]&:");
        if (item_.last == item_.first) break;
        text() += '-';
        literal(item_.last, "\\^-[]&:");
        break;
      case ClassItem::Kind::shorthand:
        shorthand(item_.letter);
        break;
      case ClassItem::Kind::posix:
        posix(item_);
        break;
      case ClassItem::Kind::nested:
        nested(item_);
        break;
    }
  }

  /// C's Oniguruma counts no symbols as punctuation, Ruby does count those of ASCII.
  void posix(const ClassItem& item_) {
    const bool widened = dialect_ == Dialect::oniguruma && item_.name == "punct";
    if (widened)
      text() += std::string(item_.negated ? "[^" : "[") + "[:punct:]$+<=>\\^`|~]";
    else
      text() += (item_.negated ? "[:^" : "[:") + item_.name + ":]";
  }

  void shorthand(char letter) {
    const bool own = dialect_ == Dialect::ruby || dialect_ == Dialect::oniguruma;
    if (dialect_ == Dialect::oniguruma || (letter == 'h')) {
      if (is_negation(letter))
        text() += "[^" + std::string(written_out(letter)) + "]";
      else
        text() += written_out(letter);
    } else {
      out_.possible &= own || letter != 'H';
      text() += '\\';
      text() += letter;
    }
  }

  /// Only Ruby nests; for the others a plain inner class joins the outer one.
  void nested(const ClassItem& item_) {
    if (dialect_ == Dialect::ruby || dialect_ == Dialect::oniguruma)
      return brackets(item_.items, item_.negated);
    out_.possible &= !item_.negated;
    for (const ClassItem& inner : item_.items) item(inner);
  }

  const Dialect dialect_;
  std::size_t captures_ = 0;
  Printed out_;
};

}  // namespace

Printed print(const Node& node, Dialect dialect) {
  Printer printer(dialect);
  printer.node(node);
  return printer.take();
}

}  // namespace grok::testing
