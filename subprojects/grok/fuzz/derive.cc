#include <algorithm>
#include <array>
#include <map>

#include "generate.h"
#include "testing/utf8.h"

namespace grok::fuzz {
namespace {

using testing::ClassItem;
using testing::Kind;
using testing::kUnbounded;
using testing::Node;
using testing::Random;

constexpr std::size_t kMostBytes = 4000;
constexpr std::u32string_view kNoise = U"aabbcAB019 _-.:\n\t\"/é\u017E\u65E5\U0001F600\u00A0\u0663";

bool holds(const ClassItem& item, char32_t c);

bool holds(const std::vector<ClassItem>& items, char32_t c) {
  return std::any_of(items.begin(), items.end(),
                     [c](const ClassItem& item) { return holds(item, c); });
}

bool is_in(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

/// What a POSIX name or a shorthand holds of ASCII; enough to derive texts.
bool is_of(std::string_view name, char32_t c) {
  const bool digit = is_in(c, '0', '9');
  const bool upper = is_in(c, 'A', 'Z');
  const bool lower = is_in(c, 'a', 'z');
  if (name == "digit" || name == "d") return digit;
  if (name == "alpha") return upper || lower;
  if (name == "alnum") return upper || lower || digit;
  if (name == "word" || name == "w") return upper || lower || digit || c == '_';
  if (name == "space" || name == "s") return c == ' ' || is_in(c, '\t', '\r');
  if (name == "blank") return c == ' ' || c == '\t';
  if (name == "upper") return upper;
  if (name == "lower") return lower;
  if (name == "xdigit" || name == "h") return digit || is_in(c | 0x20, 'a', 'f');
  if (name == "cntrl") return c < 0x20;
  if (name == "punct") return c > ' ' && c < 0x7F && !upper && !lower && !digit;
  return c >= (name == "print" ? 0x20u : 0x21u) && c < 0x7F;
}

bool holds(const ClassItem& item, char32_t c) {
  switch (item.kind) {
    case ClassItem::Kind::range:
      return is_in(c, item.first, item.last);
    case ClassItem::Kind::shorthand: {
      const char letter = static_cast<char>(item.letter | 0x20);
      return is_of({&letter, 1}, c) != (item.letter < 'a');
    }
    case ClassItem::Kind::posix:
      return is_of(item.name, c) != item.negated;
    case ClassItem::Kind::nested:
      return holds(item.items, c) != item.negated;
  }
  return false;
}

class Deriver {
 public:
  explicit Deriver(Random& random) : random_(random) {}

  void walk(const Node& node) {
    if (out_.size() > kMostBytes) return;
    switch (node.kind) {
      case Kind::literal:
        return testing::append_utf8(out_, node.literal);
      case Kind::any:
        return testing::append_utf8(out_, random_.pick(kNoise));
      case Kind::set:
        return testing::append_utf8(out_, member(node));
      case Kind::anchor:
        if ((node.anchor == '^' || node.anchor == '$') && random_.percent(20)) out_ += '\n';
        return;
      case Kind::sequence:
        for (const Node& child : node.children) walk(child);
        return;
      case Kind::choice:
        return walk(random_.pick(node.children));
      case Kind::repeat:
        return repeat(node);
      case Kind::capture: {
        const std::size_t begin = out_.size();
        walk(node.children[0]);
        captured_[node.name] = out_.substr(begin);
        return;
      }
      case Kind::atomic:
        return walk(node.children[0]);
      case Kind::look:
        if (!node.negated && random_.percent(40)) walk(node.children[0]);
        return;
      case Kind::back_reference:
        out_ += captured_[node.name];
        return;
      case Kind::ignore_case:
        return in_other_case(node);
      case Kind::empty:
        return;
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void repeat(const Node& node) {
    std::size_t most = node.min + (random_.percent(5) ? 70 : 3);
    if (node.max != kUnbounded) most = std::min<std::size_t>(most, node.max);
    for (std::size_t i = random_.between(node.min, most); i > 0; --i) walk(node.children[0]);
  }

  char32_t member(const Node& set) {
    for (int tries = 0; tries < 30; ++tries) {
      char32_t c = random_.percent(50) ? static_cast<char32_t>(random_.between(0x20, 0x7E))
                                       : random_.pick(kNoise);
      const ClassItem* from = set.items.empty() ? nullptr : &random_.pick(set.items);
      while (from && from->kind == ClassItem::Kind::nested && !from->items.empty())
        from = &random_.pick(from->items);
      if (from && from->kind == ClassItem::Kind::range && !set.negated)
        c = from->first + static_cast<char32_t>(random_.below(from->last - from->first + 1));
      if (holds(set.items, c) != set.negated) return c;
    }
    return 'a';
  }

  void in_other_case(const Node& node) {
    const std::size_t begin = out_.size();
    walk(node.children[0]);
    for (std::size_t i = begin; i < out_.size(); ++i)
      if (is_of("alpha", static_cast<unsigned char>(out_[i])) && random_.percent(50))
        out_[i] = static_cast<char>(out_[i] ^ 0x20);
  }

  Random& random_;
  std::string out_;
  std::map<std::string, std::string> captured_;
};

/// Where a character begins.
std::size_t boundary(const std::string& text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

}  // namespace

std::string derive(const Node& node, Random& random) {
  Deriver deriver(random);
  deriver.walk(node);
  return deriver.take();
}

std::string random_text(Random& random, std::size_t characters) {
  std::string text;
  while (characters-- > 0) testing::append_utf8(text, random.pick(kNoise));
  return text;
}

std::string mutate(std::string text, Random& random) {
  for (std::size_t i = random.between(1, 3); i > 0; --i) {
    const std::size_t a = boundary(text, random.below(text.size() + 1));
    const std::size_t b = boundary(text, random.below(text.size() + 1));
    const std::size_t begin = std::min(a, b);
    // Mostly short pieces.
    const std::size_t end = random.percent(30)
                                ? std::max(a, b)
                                : std::max(begin, boundary(text, begin + random.between(1, 3)));
    const std::string piece = text.substr(begin, end - begin);
    const std::size_t what = random.below(5);
    if (what == 0 || what == 1) text.erase(begin, piece.size());
    if (what == 1 || what == 2) text.insert(begin, random_text(random, random.between(1, 3)));
    if (what == 3 && text.size() < kMostBytes) text.insert(begin, piece);
    if (what == 4 && begin < text.size() && static_cast<unsigned char>(text[begin]) < 0x7F)
      ++text[begin];
  }
  return text;
}

std::string break_utf8(std::string text, Random& random) {
  static constexpr std::array<std::string_view, 8> kBroken{
      "\xFF", "\x80", "\xC3", "\xE6\x97", "\xF0\x9F\x98", "\xC0\x80", "\xED\xA0\x80", "\xF5"};
  for (std::size_t i = random.between(1, 3); i > 0; --i)
    text.insert(random.below(text.size() + 1), random.pick(kBroken));
  return text;
}

}  // namespace grok::fuzz
