#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/queue/dead_letter_browser.h"

namespace millrace::cli {

inline constexpr const char* kDlqUsage =
    R"(usage: millrace dlq ls                         the dead-letter queues, and what is in them
       millrace dlq show [FILTERS] [--limit N]     letters as JSON, one a line
       millrace dlq top [FILTERS]                  how many for each reason, with an example
       millrace dlq replay [FILTERS] [-f CONFIG]   send letters to the outputs that refused them
       millrace dlq purge FILTERS | --all          remove letters

  --pipeline ID     of this pipeline's queue; needed where there are several
  --since TIME      written then or later: 2026-03-01T12:00:00Z, or 2h for two hours ago
  --until TIME      written before
  --reason CODE     with this reason's code
  --component ID    refused by the plugin with this id, or of this type
  --id ID           this one, as `show` prints it
  --done            (show, top) also those that were replayed or purged
  --to OUTPUT       (replay) to the output with this id, whoever refused them
  --dry-run         (replay, purge) only say what would be done
  --path.data DIR, --path.dead_letter_queue DIR, --path.settings DIR   where the queues are
)";

/// What follows `dlq`, without what are settings.
struct DlqOptions {
  std::string verb;
  std::optional<std::string> pipeline;
  dlq::LetterFilter filter;
  std::optional<std::string> to;
  std::optional<std::uint64_t> limit;
  bool all = false;
  bool dry_run = false;

  /// Does it name letters, rather than mean all?
  bool has_filter() const {
    return filter.since || filter.until || filter.reason || filter.component || filter.id;
  }
};

/// Takes its own flags out of `arguments`, which keep the settings; `now` is what durations count
/// back from. The verb is found by the caller, among the words. Errors: Errc::invalid for a flag
/// without a value or with one that makes no sense.
Result<DlqOptions> take_dlq_options(std::vector<std::string>& arguments, Timestamp now);

}  // namespace millrace::cli
