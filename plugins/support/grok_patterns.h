#pragma once

#include <optional>
#include <string>
#include <vector>

#include "grok/grok.h"
#include "pipeline/plugin/common_options.h"

namespace millrace {

/// The standard patterns that `ecs` names: patterns/legacy or patterns/ecs-v1, as they were built
/// into this binary.
grok::PatternSet standard_patterns(EcsMode ecs);

/// Adds the pattern files of `directories` whose names fit `glob`, in the order of their names.
/// Files and wildcards may stand among the directories. The error says which file and line.
std::optional<std::string> add_pattern_directories(grok::PatternSet& patterns,
                                                   const std::vector<std::string>& directories,
                                                   const std::string& glob);

}  // namespace millrace
