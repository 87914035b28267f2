#pragma once

#include <string>
#include <vector>

#include "pipeline/plugin/registry.h"

namespace millrace::cli {

/// The whole program behind main(): reads settings, finds the subcommand (`run` where none is
/// named) and carries it out with the plugins of `registry`. Returns the exit status of the
/// process.
int main(const std::vector<std::string>& arguments, Registry registry);

}  // namespace millrace::cli
