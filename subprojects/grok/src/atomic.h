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

}  // namespace grok
