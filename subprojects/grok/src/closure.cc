#include "closure.h"

#include <set>

namespace grok {
namespace {

/// A look ahead at one character, of sets that take all characters outside of ASCII or none.
bool told_by_next(const Program& program, const Look& look) {
  return !look.behind && std::ranges::all_of(look.sequences, [&](const auto& sequence) {
    return sequence.size() == 1 && program.sets[sequence[0]].wide != SetTable::Wide::some;
  });
}

const Next kContinuation = next_of([](unsigned b) { return (b & 0xc0) == 0x80; });
const Next kEndOnly = Next().set(kEnd);
const Next kLineEnd = Next().set(kEnd).set('\n');

}  // namespace

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
      doubtful_ = true;
      return go(item, pc + 1, item.may);
    case Op::text_end_line:
      doubtful_ = true;
      return go(item, pc + 1, item.may & kLineEnd);
    case Op::line_end:
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
  doubtful_ = true;
  Next may = item.may;
  if (item.previous != Previous::unknown) {
    const bool word_next = (item.previous == Previous::word) != wanted;
    may &= word_next ? kWord | kWide : ~kWord;
  }
  go(item, item.state.pc + 1, may);
}

void Closure::look(const Item& item, const Look& look) {
  doubtful_ = doubtful_ || !told_by_next(program_, look);
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

Next first_behind(const Program& program, Pc pc, Previous previous, Pc without) {
  Closure closure(program, UINT32_MAX, without);
  closure.add({pc}, previous);
  return closure.next();
}

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

}  // namespace grok
