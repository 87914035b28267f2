#include "pipeline/event/append_value.h"

#include "pipeline/event/batch.h"

namespace millrace {
namespace {

Value pair(std::string_view name, const Value& value, Arena& arena) {
  Array* pair = Array::make(arena, 2);
  pair->push(arena, Value::of(name));
  pair->push(arena, share(value));
  return Value::of(pair);
}

void push_present(Array& list, const Value& present, const Batch& batch, Arena& arena) {
  if (present.is_array()) {
    for (const Value& item : present.array()) list.push(arena, item);
  } else if (present.is_object()) {
    const Object& object = present.object();
    for (std::uint32_t i = 0; i < object.size; ++i)
      list.push(arena,
                pair(arena.copy(batch.names()[object.names[i]].text), object.values[i], arena));
  } else if (!present.is_null()) {
    list.push(arena, present);
  }
}

}  // namespace

bool append_value(Event event, const FieldRef& field, Value value) {
  const Value* present = event.get(field);
  if (!present) return event.set(field, value);
  Arena& arena = event.batch().arena();
  Array* list = Array::make(arena, 4);
  push_present(*list, *present, event.batch(), arena);
  list->push(arena, value);
  return event.set(field, Value::of(list));
}

}  // namespace millrace
