#include "analysis.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <unordered_map>

#include "utf8.h"

namespace grok {
namespace {

/// A walk that meets more states than this is given up: anything may come next.
constexpr std::size_t kMaxWalk = 400;
constexpr std::size_t kMaxAtomicStates = 3000;

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

Next make_next(bool (*has)(unsigned)) {
  Next next;
  for (unsigned b = 0; b < 256; ++b) next[b] = has(b);
  return next;
}

const Next kAnything = ~Next();
const Next kContinuation = make_next([](unsigned b) { return (b & 0xc0) == 0x80; });
const Next kWide = make_next([](unsigned b) { return b >= 0x80; });
const Next kWord = make_next([](unsigned b) {
  return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || b == '_' || (b >= 'a' && b <= 'z');
});
const Next kEndOnly = Next().set(kEnd);
const Next kLineEnd = Next().set(kEnd).set('\n');

bool is_span(Op op) { return op == Op::span || op == Op::span_back || op == Op::span_lazy; }

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
};

void Closure::visit(const Item& item) {
  if (item.may.none()) return;
  if (item.only_takes) return take(item, program_.sets[program_.code[item.state.pc].a].lead);
  const auto [known, fresh] = seen_.try_emplace(item.key(), item.may);
  if (!fresh) {
    if ((item.may & ~known->second).none()) return;
    known->second |= item.may;
  }
  if (seen_.size() > kMaxWalk || consumers_.size() > kMaxWalk) {
    too_many_ = true;
    return;
  }
  const Pc pc = item.state.pc;
  if (item.state.inside) return take(item, kContinuation);
  const Instruction& code = program_.code[pc];
  if (pc == stop_ || code.op == Op::accept) {
    if (!ends()) preferred_ = consumers_.size();
    at_end_ |= item.may;
    return;
  }
  switch (code.op) {
    case Op::byte:
      return take(item, Next().set(code.a));
    case Op::text:
      return take(item,
                  Next().set(static_cast<unsigned char>(program_.text[code.a + item.state.count])));
    case Op::set:
      return take(item, program_.sets[code.a].lead);
    case Op::span:
    case Op::span_back:
    case Op::span_lazy: {
      const SetTable& set = program_.sets[code.a];
      const bool may_end = item.state.count >= code.b;
      Item behind{{pc + 1}, item.may, item.previous};
      if (item.state.count > 0 && set.word) behind.previous = Previous::word;
      if (item.state.count > 0 && set.no_word) behind.previous = Previous::no_word;
      if (code.op == Op::span_lazy) {
        if (item.state.count < code.c)
          pending_.push_back({item.state, item.may, item.previous, true});
        if (may_end) pending_.push_back(behind);
        return;
      }
      if (item.state.count < code.c && pc != without_) take(item, set.lead);
      if (may_end) pending_.push_back(behind);
      return;
    }
    case Op::save:
      return go(item, pc + 1, item.may);
    case Op::jump:
      return go(item, code.a, item.may);
    case Op::choose: {
      const auto& targets = program_.choices[code.a].targets;
      for (auto target = targets.rbegin(); target != targets.rend(); ++target)
        go(item, *target, item.may);
      return;
    }
    case Op::line_begin:
    case Op::text_begin:
      return go(item, pc + 1, item.may);
    case Op::line_end:
    case Op::text_end_line:
      return go(item, pc + 1, item.may & kLineEnd);
    case Op::text_end:
      return go(item, pc + 1, item.may & kEndOnly);
    case Op::word_boundary:
      return boundary(item, true);
    case Op::no_word_boundary:
      return boundary(item, false);
    case Op::look:
      return look(item, program_.looks[code.a]);
    case Op::accept:
      return;
  }
}

void Closure::boundary(const Item& item, bool wanted) {
  Next may = item.may;
  if (item.previous != Previous::unknown) {
    const bool word_next = (item.previous == Previous::word) != wanted;
    may &= word_next ? kWord | kWide : ~kWord;
  }
  go(item, item.state.pc + 1, may);
}

void Closure::look(const Item& item, const Look& look) {
  Next may = item.may;
  if (!look.behind) {
    Next begins;
    for (const auto& sequence : look.sequences) {
      if (sequence.empty()) {
        begins = look.negative ? begins : kAnything;
        continue;
      }
      const SetTable& set = program_.sets[sequence[0]];
      if (!look.negative) {
        begins |= set.lead;
      } else if (sequence.size() == 1) {
        begins |= set.wide == SetTable::Wide::some ? set.lead & ~kWide : set.lead;
      }
    }
    may &= look.negative ? ~begins : begins;
  }
  go(item, item.state.pc + 1, may);
}

/// What a span's count may be; counts that make no difference are one.
std::uint32_t counted(const Instruction& span, std::uint32_t count) {
  return span.c == kUnbounded ? std::min(count, std::max(span.b, 1u)) : count;
}

/// The states behind a byte. `out` gets none twice.
void step(const Program& program, const Closure::Consumer& consumer, std::vector<State>& out) {
  const auto put = [&](State state) {
    if (std::find(out.begin(), out.end(), state) == out.end()) out.push_back(state);
  };
  const State& at = consumer.state;
  if (at.inside) {
    put({at.pc, at.count, false});
    put(at);
    return;
  }
  const Instruction& code = program.code[at.pc];
  State behind{at.pc + 1};
  if (code.op == Op::text) {
    if (at.count + 1 < code.b) behind = {at.pc, at.count + 1};
    put(behind);
    return;
  }
  if (is_span(code.op)) behind = {at.pc, counted(code, at.count + 1)};
  if ((consumer.may & ~kWide).any()) put(behind);
  if ((consumer.may & kWide).any()) put({behind.pc, behind.count, true});
}

/// What may stand at each of the next positions; anything where that is not known.
std::array<Next, Choice::kMaxDepth> ahead(const Program& program, Pc pc) {
  std::array<Next, Choice::kMaxDepth> next;
  next.fill(kAnything);
  std::vector<State> states{{pc}};
  for (std::size_t position = 0; position < next.size(); ++position) {
    Closure closure(program);
    for (const State& state : states) closure.add(state);
    if (closure.too_many()) break;
    next[position] = closure.next();
    if (closure.ends()) {
      // A match may be over here, and then anything follows.
      break;
    }
    states.clear();
    for (const auto& consumer : closure.consumers()) step(program, consumer, states);
    if (states.size() > kMaxWalk) break;
  }
  return next;
}

Next first_behind(const Program& program, Pc pc, Previous previous, Pc without = UINT32_MAX) {
  Closure closure(program, UINT32_MAX, without);
  closure.add({pc}, previous);
  return closure.next();
}

/// Some way from `pc` leads to the end whatever the subject is.
bool cannot_fail(const Program& program, Pc pc) {
  std::vector<Pc> pending{pc};
  std::set<Pc> seen;
  while (!pending.empty()) {
    const Pc at = pending.back();
    pending.pop_back();
    if (!seen.insert(at).second) continue;
    const Instruction& code = program.code[at];
    if (code.op == Op::accept) return true;
    if (code.op == Op::save || (is_span(code.op) && code.b == 0)) pending.push_back(at + 1);
    if (code.op == Op::jump) pending.push_back(code.a);
    if (code.op == Op::choose) {
      const auto& targets = program.choices[code.a].targets;
      pending.insert(pending.end(), targets.begin(), targets.end());
    }
  }
  return false;
}

/// A choice's table from what each of its targets may see.
void fill_choice(Choice& choice, const std::vector<std::array<Next, Choice::kMaxDepth>>& seen) {
  const std::size_t count = seen.size();
  std::vector<std::pair<std::size_t, std::size_t>> open;  // pairs that nothing tells apart yet
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = i + 1; j < count; ++j) open.emplace_back(i, j);
  unsigned useful = 0;
  for (unsigned position = 0; position < Choice::kMaxDepth && !open.empty(); ++position) {
    const bool differs = std::any_of(open.begin(), open.end(), [&](const auto& pair) {
      return seen[pair.first][position] != seen[pair.second][position];
    });
    if (differs) useful = position + 1;
    std::erase_if(open, [&](const auto& pair) {
      return (seen[pair.first][position] & seen[pair.second][position]).none();
    });
  }
  choice.depth = std::max(useful, 1u);
  using Column = std::array<std::uint32_t, Choice::kMaxDepth>;
  const auto column = [&](std::size_t byte) {
    Column masks{};
    for (unsigned position = 0; position < choice.depth; ++position)
      for (std::size_t j = 0; j < count; ++j)
        if (seen[j][position][byte]) masks[position] |= 1u << j;
    return masks;
  };
  std::map<Column, std::uint8_t> classes;
  std::vector<Column> columns;
  for (std::size_t byte = 0; byte < kEnd; ++byte) {
    const auto [known, fresh] =
        classes.try_emplace(column(byte), static_cast<std::uint8_t>(columns.size()));
    if (fresh) columns.push_back(known->first);
    choice.classes[byte] = known->second;
  }
  columns.push_back(column(kEnd));
  choice.class_count = static_cast<std::uint32_t>(columns.size());
  for (unsigned position = 0; position < choice.depth; ++position)
    for (const Column& each : columns) choice.masks.push_back(each[position]);
}

void fill_choices(Program& program) {
  for (Choice& choice : program.choices) {
    std::vector<std::array<Next, Choice::kMaxDepth>> seen;
    for (const Pc target : choice.targets) seen.push_back(ahead(program, target));
    fill_choice(choice, seen);
  }
}

Bytes bytes_of(const Next& next, bool wanted) {
  Bytes bytes{};
  for (unsigned b = 0; b < 256; ++b) bytes[b] = next[b] == wanted ? 1 : 0;
  return bytes;
}

/// Spans that need not give back, and where the others may stop.
void settle_spans(Program& program) {
  std::map<std::string, std::uint32_t> known;
  for (Pc pc = 0; pc < program.code.size(); ++pc) {
    Instruction& code = program.code[pc];
    if (code.op != Op::span_back && code.op != Op::span_lazy) continue;
    const SetTable& set = program.sets[code.a];
    const Previous previous = set.word      ? Previous::word
                              : set.no_word ? Previous::no_word
                                            : Previous::unknown;
    // Giving back to what enters this very span again would only bring it to the same end.
    const bool again = code.op == Op::span_back && code.c == kUnbounded && code.b <= 1;
    const Pc without = again ? pc : Pc{UINT32_MAX};
    Next behind = first_behind(program, pc + 1, previous, without);
    if (code.b == 0) behind |= first_behind(program, pc + 1, Previous::unknown, without);
    const bool fixed = code.b == code.c;
    const bool done = code.op == Op::span_back && cannot_fail(program, pc + 1);
    if (fixed || done || (behind & set.lead).none()) {
      code.op = Op::span;
      continue;
    }
    const auto [at, fresh] =
        known.try_emplace(behind.to_string(), static_cast<std::uint32_t>(program.stops.size()));
    if (fresh) program.stops.push_back({RunScanner(bytes_of(behind, false)), behind[kEnd]});
    code.d = at->second;
  }
}

void give_rows(Program& program) {
  program.rows.assign(program.code.size(), Program::kNoRow);
  for (Pc pc = 0; pc < program.code.size(); ++pc) {
    const Op op = program.code[pc].op;
    if (op == Op::choose || is_span(op)) program.rows[pc] = program.row_count++;
  }
}

/// How common a byte is in logs, roughly: letters by their rank in English, spaces and digits
/// first.
int commonness(char c) {
  static constexpr std::string_view kCommonFirst = " 0123456789etaoinsrhldcumfpgwybvkxjqz:./-,=";
  const auto rank = kCommonFirst.find(c);
  return rank == std::string_view::npos ? 0 : static_cast<int>(kCommonFirst.size() - rank);
}

void find_prefix(Program& program, Pc pc) {
  const Instruction& first = program.code[pc];
  if (first.op == Op::text) program.prefix = program.text.substr(first.a, first.b);
  if (first.op == Op::byte) program.prefix = static_cast<char>(first.a);
  for (std::size_t i = 0; i < program.prefix.size(); ++i)
    if (commonness(program.prefix[i]) < commonness(program.prefix[program.rare])) program.rare = i;
}

/// What may stand before a match: by the look-behinds and word boundaries that it begins with.
class Before {
 public:
  explicit Before(const Program& program) : program_(program) {}

  Next at(Pc pc) {
    if (++walked_ > kMaxWalk) return kAnything;
    const Instruction& code = program_.code[pc];
    switch (code.op) {
      case Op::jump:
        return at(code.a);
      case Op::choose: {
        Next any;
        for (const Pc target : program_.choices[code.a].targets) any |= at(target);
        return any;
      }
      case Op::look:
        return of(program_.looks[code.a]) & at(pc + 1);
      case Op::word_boundary:
        return of_boundary(pc + 1) & at(pc + 1);
      case Op::save:
      case Op::line_begin:
      case Op::line_end:
      case Op::text_end:
      case Op::text_end_line:
      case Op::no_word_boundary:
        return at(pc + 1);
      default:
        return kAnything;
    }
  }

 private:
  Next of(const Look& look) const {
    if (!look.behind) return kAnything;
    Next before = look.negative ? kAnything : Next();
    for (const auto& sequence : look.sequences) {
      if (look.negative && sequence.size() != 1) continue;
      if (sequence.empty()) return kAnything;
      const SetTable& set = program_.sets[sequence.back()];
      Next bytes = set.lead & ~kWide;
      if (set.wide == SetTable::Wide::all || (set.wide == SetTable::Wide::some && !look.negative))
        bytes |= kWide;
      before = look.negative ? before & ~bytes : before | bytes;
    }
    return before;
  }

  /// Of characters outside of ASCII it is not known here which are of words.
  Next of_boundary(Pc pc) const {
    const Next next = first_behind(program_, pc, Previous::unknown);
    if ((next & kWide).any()) return kAnything;
    if ((next & ~kWord).none()) return ~kWord;
    return (next & kWord).none() ? kWord | kWide : kAnything;
  }

  const Program& program_;
  std::size_t walked_ = 0;
};

void find_start(Program& program) {
  Pc pc = 0;
  while (program.code[pc].op == Op::save) ++pc;
  const Instruction& first = program.code[pc];
  const bool takes_all =
      is_span(first.op) && first.c == kUnbounded && program.sets[first.a].chars == CharSet::all();
  program.only_at_begin = first.op == Op::text_begin || takes_all;
  program.only_at_lines = first.op == Op::line_begin;
  find_prefix(program, pc);
  const auto next = ahead(program, 0);
  if (next[0][kEnd]) return;
  std::size_t known = 0;
  while (known < next.size() && next[known] != kAnything) ++known;
  program.starts = StartFinder(std::span(next).first(known), Before(program).at(0));
}

/// The ways through an atomic group: lists of states in order of preference.
class AtomicWalk {
 public:
  AtomicWalk(const Program& program, const AtomicPart& part)
      : program_(program),
        part_(part),
        behind_(first_behind(program, part.end, Previous::unknown)) {}

  bool run() {
    if (!meet({{{part_.begin}}, false})) return false;
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
      if (closure.too_many() || (ends && !more.empty()) || closure.preferred() < more.size())
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

void look_ahead_everywhere(Program& program) {
  fill_choices(program);
  settle_spans(program);
  give_rows(program);
  find_start(program);
}

}  // namespace grok
