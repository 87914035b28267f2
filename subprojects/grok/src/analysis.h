#pragma once

#include "program.h"

namespace grok {

/// Fills in what the matcher knows ahead: which targets of a choice are possible by the next bytes,
/// which spans need to give nothing back, where a match can begin. Gives rows to instructions.
void look_ahead_everywhere(Program& program);

}  // namespace grok
