#pragma once

#include <iosfwd>
#include <string>

#include "pipeline/plugin/registry.h"

namespace millrace::cli {

/// `millrace grok PATTERN`: parses each line of `lines` by the `grok` filter of `registry` and
/// prints its captures to stdout, one a line, or that it does not match. Returns the exit status: 1
/// where the pattern is wrong.
int try_grok(const std::string& pattern, std::istream& lines, const PipelineInfo& info,
             const Registry& registry);

}  // namespace millrace::cli
