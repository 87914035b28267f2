#pragma once

#include <string>

#include "pipeline/result.h"

namespace millrace {

/// Appends `path` and a line break to the file `log`, which is made where it is missing, and syncs
/// it. Errors: Errc::io; nothing that a reader would take for the path is in it then.
Result<void> log_completed(const std::string& log, const std::string& path);

/// Deletes a file. One that is gone already counts as deleted. Errors: Errc::io.
Result<void> delete_completed(const std::string& path);

}  // namespace millrace
