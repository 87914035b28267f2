#include "analysis.h"

#include <algorithm>
#include <map>
#include <span>

#include "closure.h"

namespace grok {
namespace {

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

}  // namespace

void look_ahead_everywhere(Program& program) {
  fill_choices(program);
  settle_spans(program);
  give_rows(program);
  find_start(program);
}

}  // namespace grok
