#include "pipeline/event/event.h"

#include "pipeline/event/batch.h"

namespace millrace {
namespace {

constexpr std::int64_t kMostPadding = 10'000;  // how far past its end a write may stretch an array

/// Where step.index points in `array`; nullopt: nowhere.
std::optional<std::uint32_t> item_at(const Array& array, const FieldRef::Step& step) {
  if (!step.index) return std::nullopt;
  const std::int64_t at = *step.index < 0 ? *step.index + array.size : *step.index;
  if (at < 0 || at >= array.size) return std::nullopt;
  return static_cast<std::uint32_t>(at);
}

Value* child_of(const Value& parent, const FieldRef::Step& step, const BatchNames& names) {
  if (parent.is_object()) return parent.object().find(names.as_known_here(step.name));
  if (!parent.is_array()) return nullptr;
  const auto at = item_at(parent.array(), step);
  return at ? parent.array().items + *at : nullptr;
}

/// What a time without an offset is read in.
const Zone& local_zone() {
  static const Zone zone = host_zone();
  return zone;
}

bool is_string_list(const Value& value) {
  if (!value.is_array()) return false;
  for (const Value& item : value.array())
    if (!item.is_string()) return false;
  return true;
}

bool fits_top_level(NameId name, const Value& value) {
  if (name == name::timestamp) return value.type() == Type::timestamp;
  if (name == name::tags) return value.is_null() || value.is_string() || is_string_list(value);
  return true;
}

/// The item for writing, stretching the array with nulls where it is near the end; nullptr where it
/// may not be.
Value* item_for_writing(Arena& arena, Array& array, const FieldRef::Step& step) {
  if (!step.index) return nullptr;
  if (auto at = item_at(array, step)) return array.items + *at;
  if (*step.index < 0 || *step.index > array.size + kMostPadding) return nullptr;
  while (array.size <= *step.index) array.push(arena, Value());
  return array.items + *step.index;
}

}  // namespace

const Value* ConstEvent::get(NameId top_level) const {
  return fields().find(batch_->names_.as_known_here(top_level));
}

const Value* ConstEvent::get(const FieldRef& ref) const {
  const Value* value = get(ref.first());
  for (std::size_t i = 1; value && i < ref.steps().size(); ++i)
    value = child_of(*value, ref.steps()[i], batch_->names_);
  return value;
}

Timestamp ConstEvent::timestamp() const {
  const Value* value = get(name::timestamp);
  return value && value->type() == Type::timestamp ? value->timestamp() : Timestamp{0};
}

bool ConstEvent::has_tag(std::string_view tag) const {
  const Value* tags = get(name::tags);
  if (!tags) return false;
  if (tags->is_string()) return tags->text() == tag;
  if (!tags->is_array()) return false;
  for (const Value& item : tags->array())
    if (item.is_string() && item.text() == tag) return true;
  return false;
}

void Event::put(NameId top_level, Value value) {
  fields().slot(writable_->arena(), writable_->names().as_known_here(top_level)) = value;
}

bool Event::put_new(const FieldRef& ref, Value value) {
  if (!ref.is_top() || !fits_top_level(ref.first(), value)) return false;
  Object& all = fields();
  const NameId name = writable_->names().as_known_here(ref.first());
  if (all.find(name)) return false;
  all.append(writable_->arena(), name, value);
  return true;
}

bool Event::set(const FieldRef& ref, Value value) {
  if (ref.is_top()) {
    if (!fits_top_level(ref.first(), value)) return false;
    put(ref.first(), value);
    return true;
  }
  Arena& arena = writable_->arena();
  const BatchNames& names = writable_->names();
  const auto& steps = ref.steps();
  {  // a look ahead, so that a refusal leaves no half-made path
    const Value* at = get(ref.first());
    for (std::size_t i = 1; at && i < steps.size(); ++i) {
      if (!at->is_object() && !at->is_array() && !at->is_null()) return false;
      if (at->is_array() && (!steps[i].index || *steps[i].index > at->array().size + kMostPadding ||
                             *steps[i].index < -static_cast<std::int64_t>(at->array().size)))
        return false;
      at = child_of(*at, steps[i], names);
    }
  }
  Value* at = &fields().slot(arena, names.as_known_here(ref.first()));
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (at->is_null()) *at = Value::of(Object::make(arena, 4));
    writable_->own(*at);
    at = at->is_object() ? &at->object().slot(arena, names.as_known_here(steps[i].name))
                         : item_for_writing(arena, at->array(), steps[i]);
  }
  *at = value;
  return true;
}

Value* Event::mutate(const FieldRef& ref) {
  const BatchNames& names = writable_->names();
  Value* at = fields().find(names.as_known_here(ref.first()));
  for (std::size_t i = 1; at && i < ref.steps().size(); ++i) {
    writable_->own(*at);
    at = child_of(*at, ref.steps()[i], names);
  }
  if (at) writable_->own(*at);
  return at;
}

bool Event::remove(const FieldRef& ref) {
  const BatchNames& names = writable_->names();
  const auto& steps = ref.steps();
  if (ref.is_top()) return fields().erase(names.as_known_here(ref.first()));
  Value* parent = fields().find(names.as_known_here(ref.first()));
  for (std::size_t i = 1; parent && i + 1 < steps.size(); ++i) {
    writable_->own(*parent);
    parent = child_of(*parent, steps[i], names);
  }
  if (!parent || !child_of(*parent, steps.back(), names)) return false;
  writable_->own(*parent);
  if (parent->is_object()) return parent->object().erase(names.as_known_here(steps.back().name));
  parent->array().erase(*item_at(parent->array(), steps.back()));
  return true;
}

void Event::tag(std::string_view tag) {
  Arena& arena = writable_->arena();
  Value& tags = fields().slot(arena, name::tags);
  if (tags.is_array() && has_tag(tag)) return;
  if (!tags.is_array()) {  // a lone string becomes the first of the list
    Array* list = Array::make(arena, 2);
    if (!tags.is_null()) list->push(arena, tags);
    tags = Value::of(list);
  }
  writable_->own(tags);
  tags.array().push(arena, writable_->copy(tag));
}

void Event::untag(std::string_view tag) {
  Value* tags = fields().find(name::tags);
  if (!tags) return;
  if (tags->is_string()) {
    Array* list = Array::make(writable_->arena(), 1);
    list->push(writable_->arena(), *tags);
    *tags = Value::of(list);
  }
  if (!tags->is_array()) return;
  writable_->own(*tags);
  Array& list = tags->array();
  for (std::uint32_t i = list.size; i-- > 0;)
    if (list.items[i].is_string() && list.items[i].text() == tag) list.erase(i);
}

void Event::merge_document(const Object& document) {
  Arena& arena = writable_->arena();
  bool bad_timestamp = false;
  bool bad_tags = false;
  for (std::uint32_t i = 0; i < document.size; ++i) {
    Value value = document.values[i];
    if (document.names[i] == name::timestamp) {
      if (value.type() == Type::timestamp) {
        put(name::timestamp, value);
      } else if (auto read =
                     value.is_string() ? parse_iso8601(value.text(), local_zone()) : std::nullopt) {
        put(name::timestamp, Value::of(*read));
      } else if (!value.is_null()) {  // null says nothing about the time
        fields().slot(arena, writable_->names().id("_@timestamp")) = value;
        bad_timestamp = true;
      }
    } else if (document.names[i] == name::tags && !fits_top_level(name::tags, value)) {
      Array* moved = Array::make(arena, 1);
      moved->push(arena, value);
      fields().slot(arena, writable_->names().id("_tags")) = Value::of(moved);
      bad_tags = true;
    } else {
      fields().slot(arena, document.names[i]) = value;
    }
  }
  if (bad_timestamp) tag("_timestampparsefailure");
  if (bad_tags) tag("_tagsparsefailure");
}

}  // namespace millrace
