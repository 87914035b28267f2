#pragma once

#include <string>
#include <vector>

#include "pipeline/config/lint.h"
#include "pipeline/plugin/registry.h"

namespace millrace::cli {

/// The whole program behind main(): reads settings, finds the subcommand (`run` where none is
/// named) and carries it out with the plugins of `registry`; `effects` is asked for what they do
/// where a configuration is warned of. Returns the exit status of the process.
int main(const std::vector<std::string>& arguments, Registry registry, config::EffectsOf effects);

}  // namespace millrace::cli
