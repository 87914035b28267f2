// An expression is read from its leaves up. Of each part is known what its matches are (`exact`) or
// what they begin and end with, as short texts of byte sets; and the clues inside of it. Where two
// parts meet, what the one ends with and the other begins with makes a clue.
#include "clues.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "utf8.h"

namespace grok {
namespace {

constexpr std::size_t kMostExact = 32;
constexpr std::size_t kMostEdge = 12;
constexpr std::size_t kLongestExact = 16;
constexpr std::size_t kMostGrams = 64;
constexpr std::size_t kMostLetters = 4000;
constexpr std::size_t kMostCluesKept = 12;
constexpr std::size_t kMostClues = 6;
constexpr std::uint32_t kMostCopies = 4;
constexpr double kLineBytes = 200;
/// Clues that more lines have say nothing.
constexpr double kMostFrequent = 0.5;
/// Clues as rare as this are all good.
constexpr double kRare = 2e-5;
/// Clues nearer to one another are mostly found or missed together.
constexpr std::uint32_t kApart = 2;

/// One character: its only byte, or the first and the last of several.
struct Letter {
  ByteSet bytes;
  bool wide = false;  // may have several bytes
  double frequency = 0;
};

/// Indices of letters.
using Text = std::u16string;
using Texts = std::set<Text>;

struct Facts {
  bool exact = false;
  Texts begins;  // where exact: all matches, and `ends` is the same
  Texts ends;
  std::vector<Clue> clues;
};

std::array<double, 256> make_frequencies() {
  std::array<double, 256> of{};
  const auto set = [&of](std::string_view bytes, double each) {
    for (const char c : bytes) of[static_cast<unsigned char>(c)] = each;
  };
  of.fill(0.0002);
  for (std::size_t c = 0x20; c < 0x7f; ++c) of[c] = 0.003;
  set("abcdefghijklmnopqrstuvwxyz", 0.014);
  set("aeinorst", 0.03);
  set("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0.003);
  set("0123456789", 0.025);
  set("./:-", 0.025);
  set("=_,\"[]()", 0.009);
  set("\t\n", 0.002);
  set(" ", 0.1);
  return of;
}

class Reader {
 public:
  explicit Reader(const Syntax& syntax) : syntax_(syntax) { letter(ByteSet().set(), true); }

  Clues run() {
    Facts root = read(syntax_.root);
    if (root.exact) keep(root, clue_of(root.begins, 0));
    Clues clues;
    clues.anchor = anchor_of(syntax_.root);
    if (clues.anchor != Clues::Anchor::none) clues.begin = begin_of(root.begins);
    choose(root.clues, clues.anywhere);
    return clues;
  }

 private:
  Facts read(NodeId id) {
    const Node& node = syntax_[id];
    switch (node.kind) {
      case Kind::literal:
        return literal(node.value);
      case Kind::set:
        return exactly({Text(1, letter_of(syntax_.sets[node.value]))});
      case Kind::concat:
        return concat(node);
      case Kind::alternate:
        return alternate(node);
      case Kind::repeat:
        return repeat(node);
      case Kind::capture:
      case Kind::atomic:
        return read(node.children[0]);
      case Kind::back_reference:
        return anything();
      default:
        return exactly({Text()});  // takes nothing
    }
  }

  static Facts exactly(Texts texts) {
    Facts facts;
    facts.exact = true;
    facts.begins = facts.ends = std::move(texts);
    return facts;
  }

  static Facts anything() {
    Facts facts;
    facts.begins = facts.ends = {Text()};
    return facts;
  }

  Facts literal(char32_t code) {
    std::string bytes;
    append_utf8(code, bytes);
    Text text;
    for (const char c : bytes) {
      ByteSet set;
      set.set(static_cast<unsigned char>(c));
      text += letter(set, false);
    }
    return exactly({text});
  }

  char16_t letter_of(const CharSet& chars) {
    ByteSet set;
    bool wide = false;
    for (const CharSet::Range& range : chars.ranges()) {
      for (char32_t c = range.first; c <= std::min<char32_t>(range.last, 0x7f); ++c) set.set(c);
      wide |= range.last > 0x7f;
    }
    for (std::size_t byte = 0x80; wide && byte < 256; ++byte) set.set(byte);
    return letter(set, wide);
  }

  /// The first one is any character, and stands for all where there are too many.
  char16_t letter(const ByteSet& bytes, bool wide) {
    if (letters_.size() > kMostLetters) return 0;
    const auto [found, made] =
        index_.try_emplace({bytes.to_string(), wide}, static_cast<char16_t>(letters_.size()));
    if (made) letters_.push_back({bytes, wide, frequency_of(bytes)});
    return found->second;
  }

  Facts concat(const Node& node) {
    Facts all = exactly({Text()});
    for (const NodeId child : node.children)
      all = join(std::move(all), read(child), syntax_[child].offset);
    return all;
  }

  Facts join(Facts left, Facts right, std::uint32_t place) {
    if (left.exact && right.exact && left.begins.size() * right.begins.size() <= kMostExact &&
        longest(left.begins) + longest(right.begins) <= kLongestExact)
      return exactly(product(left.begins, right.begins));
    if (left.exact) keep(left, clue_of(left.begins, place));
    if (right.exact) keep(right, clue_of(right.begins, place));
    const Texts before = edge(left.ends, Side::end);
    const Texts after = edge(right.begins, Side::begin);

    Facts both;
    both.clues = std::move(left.clues);
    for (Clue& clue : right.clues) keep(both, std::move(clue));
    keep(both, clue_of(product(before, after), place));
    // What is exact, and short enough to be whole, lets one see through to the other part.
    const bool whole_left = left.exact && before == left.ends;
    const bool whole_right = right.exact && after == right.begins;
    both.begins = edge(whole_left ? product(before, after) : left.begins, Side::begin);
    both.ends = edge(whole_right ? product(before, after) : right.ends, Side::end);
    return both;
  }

  Facts alternate(const Node& node) {
    Facts all;
    all.exact = true;
    std::optional<Clue> clue = Clue{{}, 0, node.offset};
    for (const NodeId child : node.children) {
      Facts arm = read(child);
      if (clue) clue = either(std::move(*clue), best_of(arm, node.offset));
      all.exact = all.exact && arm.exact;
      all.begins.merge(arm.begins);
      all.ends.merge(arm.ends);
    }
    if (all.exact && all.begins.size() <= kMostExact) return all;
    all.exact = false;
    all.begins = edge(all.begins, Side::begin);
    all.ends = edge(all.ends, Side::end);
    keep(all, std::move(clue));
    return all;
  }

  Facts repeat(const Node& node) {
    if (node.max == 0) return exactly({Text()});
    Facts one = read(node.children[0]);
    if (node.min == 0) {
      if (node.max > 1) return anything();
      one.begins.insert(Text());
      one.ends.insert(Text());
      one.clues.clear();
      return one;
    }
    Facts all = one;
    const std::uint32_t copies = std::min(node.min, kMostCopies);
    for (std::uint32_t i = 1; i < copies; ++i) all = join(std::move(all), one, node.offset);
    if (node.max == copies) return all;
    if (all.exact) keep(all, clue_of(all.begins, node.offset));
    all.exact = false;
    all.begins = edge(all.begins, Side::begin);
    all.ends = edge(all.ends, Side::end);
    return all;
  }

  // Texts.

  enum class Side { begin, end };

  /// Their first or last letters, so that they are few.
  static Texts edge(const Texts& texts, Side side) {
    for (std::size_t length = kMaxGram;; --length) {
      Texts cut;
      for (const Text& text : texts) {
        const std::size_t size = std::min(length, text.size());
        cut.insert(text.substr(side == Side::begin ? 0 : text.size() - size, size));
      }
      if (cut.size() <= kMostEdge) return cut;
    }
  }

  static Texts product(const Texts& left, const Texts& right) {
    Texts all;
    for (const Text& a : left)
      for (const Text& b : right) all.insert(a + b);
    return all;
  }

  static std::size_t longest(const Texts& texts) {
    std::size_t most = 0;
    for (const Text& text : texts) most = std::max(most, text.size());
    return most;
  }

  // Clues.

  /// One of `texts` is in the subject. nullopt: that is true of too many lines.
  std::optional<Clue> clue_of(const Texts& texts, std::uint32_t place) const {
    Clue clue{{}, 0, place};
    Texts windows;
    for (const Text& text : texts) windows.insert(rarest_window(text));
    if (windows.size() > kMostGrams) return std::nullopt;
    for (const Text& window : windows) {
      clue.frequency += frequency(window);
      Gram& gram = clue.grams.emplace_back();
      for (const char16_t index : window) gram.push_back(letters_[index].bytes);
    }
    return clue.frequency <= kMostFrequent ? std::optional(std::move(clue)) : std::nullopt;
  }

  /// A letter of several bytes has its neighbours beside its first and its last: a window may end
  /// with it, or begin, but not go through it.
  Text rarest_window(const Text& text) const {
    Text rarest;
    double least = frequency(rarest);
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
      std::size_t end = begin + 1;
      while (end < text.size() && end - begin < kMaxGram &&
             (end == begin + 1 || !letters_[text[end - 1]].wide))
        ++end;
      const Text window = text.substr(begin, end - begin);
      if (const double often = frequency(window); often < least) {
        least = often;
        rarest = window;
      }
    }
    return rarest;
  }

  double frequency(const Text& window) const {
    double often = kLineBytes;
    for (const char16_t index : window) often *= letters_[index].frequency;
    return often;
  }

  std::optional<Clue> best_of(const Facts& facts, std::uint32_t place) const {
    if (facts.exact) return clue_of(facts.begins, place);
    if (facts.clues.empty()) return std::nullopt;
    return *std::min_element(facts.clues.begin(), facts.clues.end(), better);
  }

  /// Of clues that are rare enough the one that is looked for more cheaply.
  static bool better(const Clue& a, const Clue& b) {
    const double often_a = std::max(a.frequency, kRare), often_b = std::max(b.frequency, kRare);
    return often_a != often_b ? often_a < often_b : a.grams.size() < b.grams.size();
  }

  static std::optional<Clue> either(Clue a, std::optional<Clue> b) {
    if (!b || a.grams.size() + b->grams.size() > kMostGrams ||
        a.frequency + b->frequency > kMostFrequent)
      return std::nullopt;
    a.grams.insert(a.grams.end(), b->grams.begin(), b->grams.end());
    a.frequency += b->frequency;
    return a;
  }

  static void keep(Facts& facts, std::optional<Clue> clue) {
    if (!clue) return;
    facts.clues.push_back(std::move(*clue));
    if (facts.clues.size() > kMostCluesKept)
      facts.clues.erase(std::max_element(facts.clues.begin(), facts.clues.end(), better));
  }

  static void choose(std::vector<Clue>& found, std::vector<Clue>& chosen) {
    std::stable_sort(found.begin(), found.end(), better);
    for (Clue& clue : found) {
      const bool apart = std::all_of(chosen.begin(), chosen.end(), [&](const Clue& other) {
        return std::max(clue.place, other.place) - std::min(clue.place, other.place) >= kApart &&
               clue.grams != other.grams;
      });
      if (apart) chosen.push_back(std::move(clue));
      if (chosen.size() == kMostClues) return;
    }
  }

  // Where a match begins.

  Clues::Anchor anchor_of(NodeId id) const {
    const Node& node = syntax_[id];
    switch (node.kind) {
      case Kind::text_begin:
        return Clues::Anchor::text;
      case Kind::line_begin:
        return Clues::Anchor::line;
      case Kind::capture:
      case Kind::atomic:
        return anchor_of(node.children[0]);
      case Kind::concat:
        return anchor_of_first(node);
      case Kind::alternate:
        return weakest(node);
      default:
        return Clues::Anchor::none;
    }
  }

  Clues::Anchor anchor_of_first(const Node& concat) const {
    for (const NodeId child : concat.children) {
      switch (syntax_[child].kind) {
        case Kind::empty:
        case Kind::line_end:
        case Kind::text_end:
        case Kind::text_end_line:
        case Kind::word_boundary:
        case Kind::no_word_boundary:
          continue;  // what comes next stands at the same place
        default:
          return anchor_of(child);
      }
    }
    return Clues::Anchor::none;
  }

  Clues::Anchor weakest(const Node& alternate) const {
    Clues::Anchor anchor = Clues::Anchor::text;
    for (const NodeId child : alternate.children) anchor = std::min(anchor, anchor_of(child));
    return anchor;
  }

  Gram begin_of(const Texts& texts) const {
    Gram begin;
    for (bool wide = false; begin.size() < kMaxGram && !wide;) {
      ByteSet bytes;
      for (const Text& text : texts) {
        if (text.size() <= begin.size()) return begin;
        const Letter& letter = letters_[text[begin.size()]];
        bytes |= letter.bytes;
        wide |= letter.wide;
      }
      begin.push_back(bytes);
    }
    return begin;
  }

  const Syntax& syntax_;
  std::vector<Letter> letters_;
  std::map<std::pair<std::string, bool>, char16_t> index_;
};

}  // namespace

double frequency_of(const ByteSet& bytes) {
  static const std::array<double, 256> kFrequencies = make_frequencies();
  double sum = 0;
  for (std::size_t byte = 0; byte < 256; ++byte)
    if (bytes[byte]) sum += kFrequencies[byte];
  return std::min(sum, 1.0);
}

Clues find_clues(const Syntax& syntax) { return Reader(syntax).run(); }

}  // namespace grok
