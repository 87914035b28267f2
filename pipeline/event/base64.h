#pragma once

#include <string>
#include <string_view>

#include "pipeline/result.h"

namespace millrace {

/// Standard base64 with padding.
std::string base64(std::string_view bytes);
/// Errors: Errc::invalid.
Result<std::string> from_base64(std::string_view text);

}  // namespace millrace
