#pragma once

#include <filesystem>
#include <iosfwd>

#include "pipeline/cli/dlq_options.h"
#include "pipeline/cli/runner.h"

namespace millrace::cli {

/// `millrace dlq ls|show|top|purge` on the queues below `base`; prints to `out`, errors to stderr.
/// Returns an ExitStatus: kBadConfig for what the user got wrong, kPipelineDied for a disk that
/// refuses.
int dlq_ls(const DlqOptions& options, const std::filesystem::path& base, std::ostream& out);
int dlq_show(const DlqOptions& options, const std::filesystem::path& base, std::ostream& out);
int dlq_top(const DlqOptions& options, const std::filesystem::path& base, std::ostream& out);
int dlq_purge(const DlqOptions& options, const std::filesystem::path& base, std::ostream& out);

/// The only queue that is meant: --pipeline, or the one there is. Errors: Errc::not_found,
/// Errc::invalid where it takes a --pipeline to tell.
Result<std::string> one_queue(const DlqOptions& options, const std::filesystem::path& base);

/// Says `error` to stderr and returns the exit status for it.
int dlq_failed(const Error& error);

}  // namespace millrace::cli
