#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pipeline/cli/form.h"
#include "pipeline/config/lint.h"
#include "pipeline/plugin/registry.h"

namespace millrace::cli {

/// A subcommand that knows what plugins know.
struct Tool {
  std::string name;
  std::string usage;                          ///< for --help
  std::vector<std::string> flags;             ///< its own, that stand alone
  std::vector<std::string> flags_with_value;  ///< its own, `--flag VALUE` or `--flag=VALUE`
  /// Gets its flags, values behind them, and then the words that are no flags; returns the exit
  /// status.
  std::function<int(const std::vector<std::string>& arguments, const PipelineInfo&)> run;
};

/// The whole program behind main(): reads settings, finds the subcommand (`run` where none is
/// named) and carries it out with the plugins of `registry`, or with one of `tools`; `effects` is
/// asked for what they do where a configuration is warned of. Configurations of one of `forms` are
/// carried out by it. Returns the exit status of the process.
int main(const std::vector<std::string>& arguments, Registry registry, config::EffectsOf effects,
         std::vector<PipelineForm> forms, std::vector<Tool> tools);

}  // namespace millrace::cli
