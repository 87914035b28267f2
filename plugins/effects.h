#pragma once

#include "pipeline/config/lint.h"

namespace millrace {

/// What is known about the plugins of this tree for the warnings of config::lint(). A plugin that
/// is not known here may do anything, so that a new one needs no line here to be right.
config::Effects effects_of(config::SectionKind kind, const config::Plugin& plugin);

}  // namespace millrace
