#include <algorithm>
#include <cctype>

#include "expression.h"
#include "utf8.h"

namespace grok::testing {
namespace {

constexpr int kMaxDepth = 600;

Node make(Kind kind) {
  Node node;
  node.kind = kind;
  return node;
}

Node wrap(Node outer, Node inner) {
  outer.children.push_back(std::move(inner));
  return outer;
}

bool is_shorthand(char c) { return std::string_view("dDwWsShH").find(c) != std::string_view::npos; }

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<Node> run() {
    Node node = choice();
    if (!rest_.empty()) good_ = false;
    return good_ ? std::optional(std::move(node)) : std::nullopt;
  }

 private:
  bool eat(std::string_view what) {
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  Node give_up() {
    good_ = false;
    rest_ = {};
    return {};
  }

  Node choice() {
    if (++depth_ > kMaxDepth) return give_up();
    std::vector<Node> arms;
    do {
      arms.push_back(sequence());
    } while (eat("|"));
    --depth_;
    if (arms.size() == 1) return std::move(arms.front());
    Node node = make(Kind::choice);
    node.children = std::move(arms);
    return node;
  }

  Node sequence() {
    Node node = make(Kind::sequence);
    while (!rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
      if (eat("(?i)")) {  // holds to the end of the group, over the bars as well
        node.children.push_back(wrap(make(Kind::ignore_case), choice()));
        break;
      }
      node.children.push_back(repeats(atom()));
    }
    if (node.children.empty()) return {};
    if (node.children.size() == 1) return std::move(node.children.front());
    return node;
  }

  Node repeats(Node inner) {
    for (Node outer = make(Kind::repeat); bounds(outer); outer = make(Kind::repeat))
      inner = wrap(std::move(outer), std::move(inner));
    return inner;
  }

  /// Reads one quantifier. Behind `{n,m}` only the lazy mark belongs to it.
  bool bounds(Node& node) {
    if (rest_.empty()) return false;
    bool braces = false;
    if (eat("*")) {
      node.max = kUnbounded;
    } else if (eat("+")) {
      node.min = 1;
      node.max = kUnbounded;
    } else if (eat("?")) {
      node.max = 1;
    } else if (rest_[0] == '{' && braced(node)) {
      braces = true;
    } else {
      return false;
    }
    if ((!braces || node.min != node.max) && eat("?")) node.greed = Greed::lazy;
    if (!braces && node.greed == Greed::greedy && eat("+")) node.greed = Greed::possessive;
    return true;
  }

  bool braced(Node& node) {
    std::string_view text = rest_.substr(1);
    const auto number = [&](unsigned& value) {
      const std::size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
      for (const char c : text.substr(0, std::min<std::size_t>(length, 6)))
        value = value * 10 + static_cast<unsigned>(c - '0');
      text.remove_prefix(length);
      return length > 0;
    };
    unsigned least = 0;
    const bool has_least = number(least);
    unsigned most = least;
    bool has_most = has_least;
    if (text.starts_with(',')) {
      text.remove_prefix(1);
      most = 0;
      has_most = number(most);
      if (!has_most) most = kUnbounded;
    }
    if ((!has_least && !has_most) || !text.starts_with('}')) return false;
    node.min = least;
    node.max = most;
    rest_ = text.substr(1);
    return true;
  }

  Node atom() {
    if (rest_[0] == '(') return group();
    if (rest_[0] == '[') return set();
    if (rest_[0] == '\\') return escape();
    if (eat(".")) return make(Kind::any);
    if (rest_[0] == '^' || rest_[0] == '$') return anchor(take());
    Node node = make(Kind::literal);
    node.literal = character();
    return node;
  }

  char take() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }
  static Node anchor(char which) {
    Node node = make(Kind::anchor);
    node.anchor = which;
    return node;
  }

  char32_t character() {
    char32_t c = 0;
    const std::size_t length = decode_utf8(rest_, c);
    if (length == 0) {
      give_up();
      return 0;
    }
    rest_.remove_prefix(length);
    return c;
  }

  Node group() {
    Node node;
    bool plain = false;
    eat("(");
    if (!eat("?") || eat(":") || eat("m:")) {
      plain = true;
    } else if (eat("i:")) {
      node = make(Kind::ignore_case);
    } else if (eat(">")) {
      node = make(Kind::atomic);
    } else if (eat("=") || eat("!") || eat("<=") || eat("<!")) {
      node = make(Kind::look);
      const char* const behind = rest_.data() - 1;
      node.negated = *behind == '!';
      node.behind = behind[-1] == '<';
    } else if (eat("<")) {
      node = make(Kind::capture);
      const std::size_t end = rest_.find('>');
      if (end == std::string_view::npos) return give_up();
      node.name = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
    } else {
      return give_up();
    }
    Node inner = choice();
    if (!eat(")")) return give_up();
    return plain ? std::move(inner) : wrap(std::move(node), std::move(inner));
  }

  Node escape() {
    if (rest_.size() < 2) return give_up();
    const char c = rest_[1];
    if (is_shorthand(c)) {
      rest_.remove_prefix(2);
      Node node = make(Kind::set);
      node.items.push_back(shorthand(c));
      return node;
    }
    if (std::string_view("AzZbB").find(c) != std::string_view::npos) {
      rest_.remove_prefix(2);
      return anchor(c);
    }
    if (eat("\\k<")) {
      const std::size_t end = rest_.find('>');
      if (end == std::string_view::npos) return give_up();
      Node node = make(Kind::back_reference);
      node.name = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      return node;
    }
    Node node = make(Kind::literal);
    node.literal = escaped();
    return node;
  }

  static ClassItem shorthand(char letter) {
    ClassItem item;
    item.kind = ClassItem::Kind::shorthand;
    item.letter = letter;
    return item;
  }

  /// A backslash and what stands for one character.
  char32_t escaped() {
    eat("\\");
    static constexpr std::string_view kLetters = "tnrfvae0";
    static constexpr char32_t kValues[] = {'\t', '\n', '\r', '\f', '\v', 7, 27, 0};
    if (rest_.empty()) return give_up(), char32_t{0};
    const std::size_t letter = kLetters.find(rest_[0]);
    if (letter != std::string_view::npos) {
      rest_.remove_prefix(1);
      return kValues[letter];
    }
    if (eat("x") || eat("u")) return hex();
    if (std::isalnum(static_cast<unsigned char>(rest_[0]))) give_up();
    return rest_.empty() ? U'\0' : character();
  }

  char32_t hex() {
    const std::size_t most = rest_.data()[-1] == 'u' ? 4 : 2;
    const bool braces = most == 2 && eat("{");
    char32_t value = 0;
    for (std::size_t i = 0; i < (braces ? 6 : most) && !rest_.empty() &&
                            std::isxdigit(static_cast<unsigned char>(rest_[0]));
         ++i) {
      const char digit = take();
      value = value * 16 + static_cast<char32_t>(digit <= '9' ? digit - '0' : (digit & 0x1F) + 9);
    }
    if (braces && !eat("}")) give_up();
    return value;
  }

  Node set() {
    Node node = make(Kind::set);
    ClassItem outer = brackets();
    node.negated = outer.negated;
    node.items = std::move(outer.items);
    return node;
  }

  ClassItem brackets() {
    ClassItem outer;
    outer.kind = ClassItem::Kind::nested;
    if (++depth_ > kMaxDepth) give_up();
    eat("[");
    outer.negated = eat("^");
    for (bool first = true; !rest_.empty() && (first || rest_[0] != ']'); first = false) {
      if (rest_.starts_with("&&")) give_up();
      if (!rest_.empty()) outer.items.push_back(item());
    }
    if (!eat("]")) give_up();
    --depth_;
    return outer;
  }

  ClassItem item() {
    if (rest_.starts_with("[:")) return posix();
    if (rest_[0] == '[') return brackets();
    if (rest_.size() > 1 && rest_[0] == '\\' && is_shorthand(rest_[1])) {
      const char letter = rest_[1];
      rest_.remove_prefix(2);
      return shorthand(letter);
    }
    ClassItem range;
    range.first = range.last = member();
    if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
      eat("-");
      range.last = member();
    }
    return range;
  }
  char32_t member() { return rest_.starts_with('\\') ? escaped() : character(); }

  ClassItem posix() {
    ClassItem item;
    eat("[:");
    item.kind = ClassItem::Kind::posix;
    item.negated = eat("^");
    const std::size_t end = rest_.find(":]");
    if (end == std::string_view::npos) {
      give_up();
      return item;
    }
    item.name = rest_.substr(0, end);
    rest_.remove_prefix(end + 2);
    return item;
  }

  std::string_view rest_;
  int depth_ = 0;
  bool good_ = true;
};

bool may_be_empty(const Node& node) {
  const auto& children = node.children;
  switch (node.kind) {
    case Kind::literal:
    case Kind::any:
    case Kind::set:
      return false;
    case Kind::sequence:
      return std::all_of(children.begin(), children.end(), may_be_empty);
    case Kind::choice:
      return std::any_of(children.begin(), children.end(), may_be_empty);
    case Kind::repeat:
      return node.min == 0 || may_be_empty(children[0]);
    case Kind::capture:
    case Kind::atomic:
    case Kind::ignore_case:
      return may_be_empty(children[0]);
    default:
      return true;
  }
}

}  // namespace

bool repeats_empty(const Node& node) {
  if (node.kind == Kind::repeat && node.max > 1 && may_be_empty(node.children[0])) return true;
  return std::any_of(node.children.begin(), node.children.end(), repeats_empty);
}

std::optional<Node> parse(std::string_view ruby) { return Parser(ruby).run(); }

std::size_t count_captures(const Node& node) {
  std::size_t count = node.kind == Kind::capture;
  for (const Node& child : node.children) count += count_captures(child);
  return count;
}

}  // namespace grok::testing
