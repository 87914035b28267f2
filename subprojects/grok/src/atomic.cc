#include "atomic.h"

#include <map>
#include <set>
#include <span>

#include "closure.h"
#include "utf8.h"

namespace grok {
namespace {

constexpr std::size_t kMaxAtomicStates = 3000;

bool is_assertion(Op op) { return op >= Op::line_begin; }

/// The ways through an atomic group: lists of states in order of preference.
class AtomicWalk {
 public:
  AtomicWalk(const Program& program, const AtomicPart& part)
      : program_(program),
        part_(part),
        behind_(first_behind(program, part.end, Previous::unknown)) {}

  bool run() {
    if (!meet({{{behind_assertions()}}, false})) return false;
    while (!pending_.empty()) {
      const Ways ways = pending_.back();
      pending_.pop_back();
      if (!follow(ways)) return false;
    }
    return true;
  }

 private:
  /// Where ways have led to; a state only where the first way leads to it. Of doubtful ones some
  /// may be no ways in truth: there a state stands where the last one leads to it, too.
  struct Ways {
    std::vector<State> states;
    bool doubtful = false;
    auto operator<=>(const Ways&) const = default;
  };

  /// What the group begins with holds for all its ways or for none.
  Pc behind_assertions() const {
    Pc pc = part_.begin;
    while (pc < part_.end && is_assertion(program_.code[pc].op)) ++pc;
    return pc;
  }

  bool meet(Ways ways) {
    if (ways.states.empty() || !seen_.insert(ways).second) return true;
    pending_.push_back(std::move(ways));
    return seen_.size() <= kMaxAtomicStates;
  }

  bool follow(const Ways& ways) {
    std::vector<Closure::Consumer> consumers;
    bool ends = false;
    const std::size_t together = ways.doubtful ? 1 : ways.states.size();
    for (std::size_t i = 0; i < ways.states.size(); i += together) {
      Closure closure(program_, part_.end);
      for (const State& state : std::span(ways.states).subspan(i, together)) closure.add(state);
      const auto& more = closure.consumers();
      if (closure.too_many() || closure.doubtful() || (ends && !more.empty()) ||
          closure.preferred() < more.size())
        return false;
      ends = ends || closure.ends();
      consumers.insert(consumers.end(), more.begin(), more.end());
    }
    for (const auto& consumer : consumers)
      if (ends && (consumer.may & behind_).any()) return false;
    // One symbol for each ASCII character, and one for all others.
    for (unsigned symbol = 0; symbol <= 0x80; ++symbol) {
      Ways next{{}, ways.doubtful};
      const State* other = nullptr;
      for (const auto& consumer : consumers) {
        const bool takes = symbol < 0x80 ? consumer.may[symbol] : (consumer.may & kWide).any();
        if (!takes) continue;
        next.states.push_back(behind(consumer.state));
        if (symbol < 0x80) continue;
        next.doubtful = next.doubtful || (other && !same_wide(*other, consumer.state));
        other = &consumer.state;
      }
      keep_first(next);
      if (!meet(std::move(next))) return false;
    }
    return true;
  }

  static void keep_first(Ways& ways) {
    std::map<State, std::size_t> last;
    for (std::size_t i = 0; i < ways.states.size(); ++i) last[ways.states[i]] = i;
    std::set<State> met;
    std::vector<State> kept;
    for (std::size_t i = 0; i < ways.states.size(); ++i) {
      const State& state = ways.states[i];
      const bool is_first = met.insert(state).second;
      if (is_first || (ways.doubtful && last[state] == i)) kept.push_back(state);
    }
    ways.states = std::move(kept);
  }

  /// Whether both take the same characters outside of ASCII.
  bool same_wide(const State& a, const State& b) const {
    if (a.pc == b.pc && a.count == b.count) return true;
    const Instruction &one = program_.code[a.pc], &other = program_.code[b.pc];
    if (one.op == Op::text || other.op == Op::text) return false;
    return one.a == other.a || (program_.sets[one.a].wide == SetTable::Wide::all &&
                                program_.sets[other.a].wide == SetTable::Wide::all);
  }

  /// The state behind a whole character.
  State behind(const State& at) const {
    const Instruction& code = program_.code[at.pc];
    State next{at.pc + 1};
    if (code.op == Op::text) {
      const std::string_view rest(program_.text.data() + code.a + at.count, code.b - at.count);
      const auto length = static_cast<std::uint32_t>(char_length(rest));
      if (at.count + length < code.b) next = {at.pc, at.count + length};
    } else if (is_span(code.op)) {
      next = {at.pc, counted(code, at.count + 1)};
    }
    return next;
  }

  const Program& program_;
  const AtomicPart& part_;
  const Next behind_;
  std::set<Ways> seen_;
  std::vector<Ways> pending_;
};

}  // namespace

bool giving_back_is_useless(const Program& program, const AtomicPart& part) {
  return cannot_fail(program, part.end) || AtomicWalk(program, part).run();
}

}  // namespace grok
