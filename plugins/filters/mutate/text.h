#pragma once

#include <string_view>

#include "pipeline/event/batch.h"

/// What mutate does to texts, as pure functions. Results are views of `text` or copies in the
/// batch.
namespace millrace::mutate {

/// Without white space and NULs at both ends.
Value strip(std::string_view text);
/// The pieces between separators; empty ones at the end are left out, and a separator of one space
/// stands for any white space, as in Ruby.
Value split_text(std::string_view text, std::string_view separator, Batch& batch);

}  // namespace millrace::mutate
