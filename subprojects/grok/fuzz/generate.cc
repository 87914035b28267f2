#include "generate.h"

#include <algorithm>
#include <array>

namespace grok::fuzz {
namespace {

using testing::ClassItem;
using testing::Greed;
using testing::Kind;
using testing::kUnbounded;
using testing::Node;
using testing::Random;

// Not punct: Ruby's has nine symbols that Oniguruma's lacks.
constexpr std::array kPosix{"alpha",  "digit", "alnum", "space", "upper", "lower",
                            "xdigit", "word",  "blank", "cntrl", "print", "graph"};
constexpr std::u32string_view kFew = U"ab";
constexpr std::u32string_view kAscii = U"aabbcAB019 _-.:\n\t\"";
// Letters of two, three and four bytes, a blank that is none in ASCII, a digit that is none, a
// combining mark, a line separator.
constexpr std::u32string_view kUnicode = U"ab é\u017E\u65E5\U0001F600\u00A0\u0663\u0301\u2028É";

class Generator {
 public:
  explicit Generator(Random& random) : random_(random) {
    const std::size_t style = random.below(10);
    alphabet_ = style < 3 ? kFew : style < 7 ? kAscii : kUnicode;
    budget_ = random.between(1, 14);
  }

  Node run() {
    Node node = choice(0);
    name_captures(node);
    aim_back_references(node);
    return node;
  }

 private:
  static Node make(Kind kind) {
    Node node;
    node.kind = kind;
    return node;
  }
  static Node around(Kind kind, Node inner) {
    Node node = make(kind);
    node.children.push_back(std::move(inner));
    return node;
  }

  Node choice(int depth) {
    if (!random_.percent(depth == 0 ? 15 : 35)) return sequence(depth);
    Node node = make(Kind::choice);
    for (std::size_t i = random_.between(2, 4); i > 0; --i)
      node.children.push_back(sequence(depth));
    return node;
  }

  Node sequence(int depth) {
    Node node = make(Kind::sequence);
    const std::size_t parts = random_.percent(6) ? 0 : random_.between(1, depth == 0 ? 5 : 3);
    for (std::size_t i = 0; i < parts; ++i) node.children.push_back(piece(depth));
    if (node.children.size() == 1) return std::move(node.children.front());
    if (node.children.empty()) return {};
    return node;
  }

  Node piece(int depth) {
    if (budget_ > 0) --budget_;
    const std::size_t kind = random_.below(100);
    if (depth > 4 || budget_ == 0 || kind < 34) return maybe_repeated(single());
    if (kind < 42) return anchor();
    if (kind < 62) return repeat(choice(depth + 1));
    if (kind < 80) return maybe_repeated(around(Kind::capture, choice(depth + 1)));
    if (kind < 87) return maybe_repeated(around(Kind::atomic, choice(depth + 1)));
    if (kind < 94) return look(depth);
    if (kind < 95) return back_reference();
    if (kind < 97) return around(Kind::ignore_case, choice(depth + 1));
    return choice(depth + 1);
  }

  Node maybe_repeated(Node inner) {
    return random_.percent(45) ? repeat(std::move(inner)) : std::move(inner);
  }

  Node repeat(Node inner) {
    const bool single =
        inner.kind == Kind::literal || inner.kind == Kind::set || inner.kind == Kind::any;
    Node node = around(Kind::repeat, std::move(inner));
    const std::size_t form = random_.below(10);
    const std::size_t most = single && random_.percent(15) ? 40 : 3;
    if (form < 6) {
      node.min = form < 4 ? static_cast<unsigned>(form % 2) : 0;
      node.max = form < 4 ? kUnbounded : 1;
    } else {
      node.min = static_cast<unsigned>(random_.between(0, most));
      node.max = form == 6   ? kUnbounded
                 : form == 7 ? node.min
                             : node.min + static_cast<unsigned>(random_.between(0, most));
    }
    const std::size_t greed = random_.below(100);
    if (greed < 25 && node.min != node.max) node.greed = Greed::lazy;
    if (greed >= 90 && form < 6) node.greed = Greed::possessive;
    return node;
  }

  Node single() {
    const std::size_t kind = random_.below(10);
    if (kind < 6) {
      Node node = make(Kind::literal);
      node.literal = character();
      return node;
    }
    if (kind < 7) return make(Kind::any);
    Node node = make(Kind::set);
    node.negated = kind > 7 && random_.percent(40);
    for (std::size_t i = kind < 8 ? 1 : random_.between(1, 3); i > 0; --i)
      node.items.push_back(item(kind < 8, 0));
    return node;
  }

  ClassItem item(bool shorthand, int depth) {
    ClassItem item;
    const std::size_t kind = shorthand ? 0 : random_.below(12);
    if (kind < 2) {
      item.kind = ClassItem::Kind::shorthand;
      item.letter = random_.pick(std::string_view("dwshDWSH"));
    } else if (kind == 2) {
      item.kind = ClassItem::Kind::posix;
      item.name = random_.pick(kPosix);
      item.negated = random_.percent(20);
    } else if (kind == 3 && depth < 2) {
      item.kind = ClassItem::Kind::nested;
      item.negated = random_.percent(20);
      for (std::size_t i = random_.between(1, 2); i > 0; --i) {
        item.items.push_back(this->item(false, depth + 1));
        // Oniguruma 6.9.8 loses what `[[^[:^digit:]]]` holds outside of ASCII.
        if (item.negated) item.items.back().negated = false;
      }
    } else {
      item.first = item.last = character();
      if (random_.percent(30)) item.last += static_cast<char32_t>(random_.below(12));
    }
    return item;
  }

  char32_t character() { return random_.pick(alphabet_); }

  Node anchor() {
    Node node = make(Kind::anchor);
    node.anchor = random_.pick(std::string_view("^^$$AzZbbB"));
    return node;
  }

  /// Behind the place only what has one length; mostly a single character.
  Node look(int depth) {
    const bool behind = random_.percent(50);
    Node inner = random_.percent(70) ? single() : behind ? fixed() : choice(depth + 1);
    Node node = around(Kind::look, std::move(inner));
    node.behind = behind;
    node.negated = random_.percent(50);
    return node;
  }

  Node fixed() {
    Node node = make(Kind::sequence);
    node.children.push_back(single());
    node.children.push_back(random_.percent(70) ? single() : anchor());
    return node;
  }

  Node back_reference() {
    Node node = make(Kind::back_reference);
    return node;
  }

  void name_captures(Node& node) {
    if (node.kind == Kind::capture) node.name = "c" + std::to_string(names_++);
    for (Node& child : node.children) name_captures(child);
  }

  /// At captures that they are not inside of: Oniguruma takes one in its own group for what the
  /// round before it took, PCRE2 does too, but they differ on what such a group took at last.
  void aim_back_references(Node& node) {
    if (node.kind == Kind::capture) open_.push_back(node.name);
    if (node.kind == Kind::back_reference) {
      node.name = names_ == 0 ? "" : "c" + std::to_string(random_.below(names_));
      if (names_ == 0 || std::find(open_.begin(), open_.end(), node.name) != open_.end())
        node = Node{};
    }
    for (Node& child : node.children) aim_back_references(child);
    if (node.kind == Kind::capture) open_.pop_back();
  }

  Random& random_;
  std::u32string_view alphabet_;
  std::size_t budget_;
  std::size_t names_ = 0;
  std::vector<std::string> open_;  // captures around the place
};

}  // namespace

Node random_expression(Random& random) { return Generator(random).run(); }

}  // namespace grok::fuzz
