#pragma once

#include "pipeline/event/event.h"

namespace millrace {

/// Sets a field that is not there or null; what is there becomes a list with `value` behind it, and
/// a list gets one more item. False, and nothing changed, as for Event::set().
[[nodiscard]] bool append_value(Event event, const FieldRef& field, Value value);

}  // namespace millrace
