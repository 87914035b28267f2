#pragma once

#include <filesystem>
#include <iosfwd>
#include <vector>

#include "pipeline/cli/dlq_options.h"
#include "pipeline/cli/runner.h"

namespace millrace::cli {

/// `millrace dlq replay`: sends the letters of a queue below `base` to the outputs that refused
/// them, found by their ids in the pipeline's configuration: of `jobs` the one with the queue's
/// name, else the only one. Conditions and filters are passed over: the events have been through
/// them.
///
/// A letter is marked as replayed once its output has confirmed it, and is not sent again; one that
/// is refused again stays, with a mark that counts it. Killed in the middle, letters that were
/// delivered but not yet marked are sent again by the next replay. The first SIGINT or SIGTERM ends
/// it after what is under way, the second at once.
///
/// Returns an ExitStatus: kSuccess where every letter that was meant is delivered.
int dlq_replay(const DlqOptions& options, const std::filesystem::path& base,
               const std::vector<PipelineJob>& jobs, const Registry& registry, std::ostream& out);

}  // namespace millrace::cli
