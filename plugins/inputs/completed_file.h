#pragma once

#include <string>

#include "pipeline/result.h"
#include "plugins/inputs/file_options.h"

namespace millrace {

/// Does `file_completed_action` for the file at `path`: deletes it, then logs its path, as far as
/// the options want either. One that is gone already counts as deleted. Errors: Errc::io; what
/// would have come next is not done then.
Result<void> dispose_of(const std::string& path, const FileInputOptions& options);

}  // namespace millrace
