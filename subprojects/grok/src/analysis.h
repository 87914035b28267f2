#pragma once

#include "program.h"

namespace grok {

/// The instructions [begin, end) of an atomic group.
struct AtomicPart {
  Pc begin, end;
  std::uint32_t offset;
};

/// True: the group may be run as a plain one. Shown by walking all ways through the group at once,
/// in order of preference: where it can end, nothing less preferred goes on, and what follows
/// cannot begin with anything that the group itself could take. So the group's first way is its
/// longest, and no shorter one leads anywhere.
bool giving_back_is_useless(const Program& program, const AtomicPart& part);

/// Fills in what the matcher knows ahead: which targets of a choice are possible by the next bytes,
/// which spans need to give nothing back, where a match can begin. Gives rows to instructions.
void look_ahead_everywhere(Program& program);

}  // namespace grok
