#include "pipeline/event/append_value.h"

#include "pipeline/event/batch.h"

namespace millrace {

bool append_value(Event event, const FieldRef& field, Value value) {
  const Value* present = event.get(field);
  if (!present || present->is_null()) return event.set(field, value);
  Arena& arena = event.batch().arena();
  Array* list = Array::make(arena, 4);
  if (present->is_array())
    for (const Value& item : present->array()) list->push(arena, item);
  else
    list->push(arena, *present);
  list->push(arena, value);
  return event.set(field, Value::of(list));
}

}  // namespace millrace
