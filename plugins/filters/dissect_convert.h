#pragma once

#include <optional>

#include "pipeline/event/batch.h"

namespace millrace {

/// What dissect's `convert_datatype` makes of values. Texts are decimal numbers, with an exponent if
/// need be; nullopt: `value` is none.

/// A whole number of any size, what is behind the point cut off.
std::optional<Value> to_whole_number(const Value& value, Batch& batch);
std::optional<Value> to_real_number(const Value& value);

}  // namespace millrace
