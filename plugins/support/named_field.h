#pragma once

#include <string_view>

#include "pipeline/event/event.h"

namespace millrace {

/// Sets the field that `name`, which came out of an event's data, refers to: `a` or `[a][b]`. False:
/// it is no reference, or the field cannot be set.
[[nodiscard]] bool set_named_field(Event event, std::string_view name, Value value);

}  // namespace millrace
