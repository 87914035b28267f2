#pragma once

#include <string_view>

#include "pipeline/event/batch.h"

namespace millrace {

// Copies of `text` in `batch` with other letters, in all of Unicode. Bytes that are not UTF-8 stay.

Value uppercase(std::string_view text, Batch& batch);
Value lowercase(std::string_view text, Batch& batch);
/// The first character large, all others small.
Value capitalize(std::string_view text, Batch& batch);

}  // namespace millrace
