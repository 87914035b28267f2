#pragma once

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "program.h"

namespace grok {

/// A walk that meets more states than this is given up: anything may come next.
inline constexpr std::size_t kMaxWalk = 400;

inline const Next kAnything = ~Next();
inline Next next_of(bool (*has)(unsigned byte)) {
  Next next;
  for (unsigned byte = 0; byte < 256; ++byte) next[byte] = has(byte);
  return next;
}
/// Bytes of characters outside of ASCII.
inline const Next kWide = next_of([](unsigned b) { return b >= 0x80; });
/// ASCII word characters.
inline const Next kWord = next_of([](unsigned b) {
  return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || b == '_' || (b >= 'a' && b <= 'z');
});

inline bool is_span(Op op) { return op == Op::span || op == Op::span_back || op == Op::span_lazy; }

/// A place in the program between two bytes.
struct State {
  Pc pc = 0;
  std::uint32_t count = 0;  ///< characters that a span, bytes that a text has taken
  bool inside = false;      ///< of a character outside of ASCII; (pc, count) comes behind it

  std::uint64_t key() const {
    return std::uint64_t{pc} << 32 | std::uint64_t{count} << 1 | (inside ? 1 : 0);
  }
  auto operator<=>(const State&) const = default;
};

enum class Previous : std::uint8_t { unknown, word, no_word };

/// All that can be reached from a state without taking a byte.
class Closure {
 public:
  struct Consumer {
    State state;
    Next may;  ///< the bytes that it can take here
  };

  /// `stop`: an instruction that counts as the end. `without`: a span that is not entered.
  explicit Closure(const Program& program, Pc stop = UINT32_MAX, Pc without = UINT32_MAX)
      : program_(program), stop_(stop), without_(without) {}

  void add(State state, Previous previous = Previous::unknown) {
    pending_.push_back({state, kAnything, previous});
    while (!pending_.empty() && !too_many_) {
      const Item item = pending_.back();
      pending_.pop_back();
      visit(item);
    }
  }

  const std::vector<Consumer>& consumers() const { return consumers_; }
  /// What may come next where the end is reached.
  const Next& at_end() const { return at_end_; }
  bool ends() const { return at_end_.any(); }
  /// How many consumers were found before the end was: those are preferred to it.
  std::size_t preferred() const { return ends() ? preferred_ : consumers_.size(); }
  bool too_many() const { return too_many_; }
  /// Some way passed an assertion of which the next character does not tell whether it holds.
  bool doubtful() const { return doubtful_; }

  Next next() const {
    if (too_many_) return kAnything;
    Next next = at_end_;
    for (const Consumer& consumer : consumers_) next |= consumer.may;
    return next;
  }

 private:
  struct Item {
    State state;
    Next may;
    Previous previous = Previous::unknown;
    bool only_takes = false;  ///< a lazy span's character, whose way out came before

    /// What came before counts: a word boundary behind it may hold there or not.
    std::uint64_t key() const {
      return state.key() | std::uint64_t{static_cast<std::uint8_t>(previous)} << 62;
    }
  };

  void visit(const Item& item);
  void take(const Item& item, Next lead) {
    lead &= item.may;
    if (lead.any()) consumers_.push_back({item.state, lead});
  }
  void go(const Item& from, Pc pc, const Next& may) {
    pending_.push_back({{pc}, may, from.previous});
  }
  void look(const Item& item, const Look& look);
  void boundary(const Item& item, bool wanted);

  const Program& program_;
  const Pc stop_;
  const Pc without_;
  std::vector<Item> pending_;
  std::unordered_map<std::uint64_t, Next> seen_;
  std::vector<Consumer> consumers_;
  Next at_end_;
  std::size_t preferred_ = 0;
  bool too_many_ = false;
  bool doubtful_ = false;
};

/// What a span's count may be; counts that make no difference are one.
inline std::uint32_t counted(const Instruction& span, std::uint32_t count) {
  return span.c == kUnbounded ? std::min(count, std::max(span.b, 1u)) : count;
}

/// What may come behind the instructions before `pc`. `without`: a span that is not entered.
Next first_behind(const Program& program, Pc pc, Previous previous, Pc without = UINT32_MAX);

/// Some way from `pc` leads to the end whatever the subject is.
bool cannot_fail(const Program& program, Pc pc);

}  // namespace grok
