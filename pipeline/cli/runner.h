#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/cli/form.h"
#include "pipeline/config/lint.h"
#include "pipeline/config/load.h"
#include "pipeline/plugin/registry.h"
#include "pipeline/run/pipeline.h"

namespace millrace::cli {

/// Exit statuses of the process.
enum ExitStatus { kSuccess = 0, kBadConfig = 1, kPipelineDied = 2 };

/// One pipeline to run, its settings resolved.
struct PipelineJob {
  PipelineSettings settings;
  PipelineInfo info;
  std::string config_path;    ///< file, directory or glob; "" where config_string is given
  std::string config_string;  ///< as -e
  config::LoadOptions load;
  config::EffectsOf effects;  ///< what plugins do, for warnings
  std::vector<PipelineForm> forms;
};

/// A configuration that was read and turned into a plan, with everything that was to say about it.
struct Compiled {
  config::Loaded loaded;
  std::unique_ptr<Plan> plan;  ///< nullptr: loaded.diagnostics say why
};

/// Reads, builds and lints; no side effects. `registry` and `job` outlive the plan.
Compiled compile(const PipelineJob& job, const Registry& registry);

/// Prints the diagnostics to stderr, with colours on a terminal.
void print_diagnostics(const config::Loaded& loaded);

/// Runs pipelines until they end or a signal ends them: the first SIGTERM or SIGINT drains, the
/// second gives up at once, as does the end of `shutdown_timeout` after the first. Prints the
/// ledgers to the log. Returns an ExitStatus.
int run(const std::vector<PipelineJob>& jobs, const Registry& registry,
        std::optional<std::chrono::milliseconds> shutdown_timeout);

}  // namespace millrace::cli
