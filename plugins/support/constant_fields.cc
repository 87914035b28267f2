#include "plugins/support/constant_fields.h"

#include <algorithm>

namespace millrace {

ConstantFields& ConstantFields::add(std::initializer_list<std::string_view> path,
                                    std::size_t text) {
  std::vector<Field>* level = &fields_;
  for (const std::string_view part : path) {
    const NameId id = Names::intern(part);
    auto at = std::find_if(level->begin(), level->end(),
                           [id](const Field& field) { return field.name == id; });
    if (at == level->end()) at = level->insert(level->end(), Field{id, text, {}});
    level = &at->inside;
  }
  return *this;
}

Value ConstantFields::make(const Field& field, std::span<const Value> texts, Arena& arena) {
  if (field.inside.empty()) return texts[field.text];
  Object* object = Object::make(arena, 4);
  for (const Field& inner : field.inside)
    object->append(arena, inner.name, make(inner, texts, arena));
  object->shared = true;
  return Value::of(object);
}

/// Both hold something: objects are merged, of anything else one stays.
void ConstantFields::complete(Batch& batch, Value& present, const Value& wanted) const {
  if (!present.is_object() || !wanted.is_object()) {
    if (replaces_) present = wanted;
    return;
  }
  batch.own(present);
  const Object& from = wanted.object();
  for (std::uint32_t at = 0; at < from.size; ++at) {
    if (Value* inner = present.object().find(from.names[at]))
      complete(batch, *inner, from.values[at]);
    else
      present.object().append(batch.arena(), from.names[at], from.values[at]);
  }
}

void ConstantFields::put_into(Batch& batch, std::span<const std::string_view> texts) const {
  std::vector<Value> copies;
  for (const std::string_view text : texts) copies.push_back(batch.copy(text));
  for (const Field& field : fields_) {
    const Value value = make(field, copies, batch.arena());
    for (std::uint32_t at = 0; at < batch.size(); ++at) {
      Object& fields = batch[at].fields();
      if (Value* present = fields.find(field.name))
        complete(batch, *present, value);
      else
        fields.append(batch.arena(), field.name, value);
    }
  }
}

}  // namespace millrace
