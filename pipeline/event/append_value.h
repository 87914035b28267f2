#pragma once

#include "pipeline/event/event.h"

namespace millrace {

/// Sets a field that is not there. What is there becomes a list with `value` behind it, as Ruby's
/// Array() makes one, which Logstash asks: null becomes a list of `value` alone, and each field of
/// an object becomes a list of its name and its value. A list gets one more item. False, and
/// nothing changed, as for Event::set().
[[nodiscard]] bool append_value(Event event, const FieldRef& field, Value value);

}  // namespace millrace
