#include "plugins/filters/mutate/operation.h"

#include "plugins/filters/mutate/text.h"
#include "plugins/support/ruby_text.h"

namespace millrace::mutate {
namespace {

constexpr std::size_t kMostKept = 1 << 20;  // bytes that a workspace's buffer keeps

/// The items of a list; of what is no list, it alone; of null, none. They may be shared from then
/// on.
void push_all(Array& list, const Value* value, Arena& arena) {
  if (!value || value->is_null()) return;
  if (!value->is_array()) return list.push(arena, share(*value));
  for (const Value& item : value->array()) list.push(arena, share(item));
}

void append_joined(const Batch& batch, const Array& list, std::string_view separator, Buffer& out) {
  bool first = true;
  for (const Value& item : list) {
    if (!first) out.append(separator);
    first = false;
    if (item.is_array())
      append_joined(batch, item.array(), separator, out);
    else
      append_to_s(batch, item, out);
  }
}

bool map_field(Event event, const FieldRef& ref, const Mapping& mapping,
               Items items = Items::of_any_type) {
  const Value* value = event.get(ref);
  if (!value || value->is_null() || value->is_object()) return true;
  Batch& batch = event.batch();
  if (!value->is_array()) {
    const auto mapped = mapping(*value, batch);
    return !mapped || event.set(ref, *mapped);
  }
  Array* list = Array::make(batch.arena(), value->array().size);
  for (const Value& item : value->array()) {
    if (items == Items::scalar && (item.is_object() || item.is_array())) return false;
    if (items == Items::text && !item.is_string()) return false;
    list->push(batch.arena(), share(mapping(item, batch).value_or(item)));
  }
  return event.set(ref, Value::of(list));
}

/// nullptr: malformed.
const Regex* completed(const Template& expression, Event event, Workspace& workspace) {
  workspace.text.recycle(kMostKept);
  expression.append(event, workspace.text);
  if (!workspace.latest || workspace.expression != workspace.text.view()) {
    workspace.expression = workspace.text.view();
    auto compiled = Regex::compile(workspace.expression);
    workspace.latest = compiled ? std::optional(std::move(*compiled)) : std::nullopt;
  }
  return workspace.latest ? &*workspace.latest : nullptr;
}

/// `from` is shared already: where one object lies in the other, what is written to is a copy.
bool merge_objects(Event event, const FieldRef& into, const Object& from) {
  Arena& arena = event.batch().arena();
  Value* object = event.mutate(into);
  for (std::uint32_t i = 0; i < from.size; ++i)
    object->object().slot(arena, from.names[i]) = share(from.values[i]);
  return true;
}

}  // namespace

Operation set_text(FieldName field, std::optional<Template> text, bool (*wanted)(const Value*)) {
  return [=](Event event, Workspace&) {
    std::optional<FieldRef> holder;
    const FieldRef* const ref = field.of(event, holder);
    if (!ref) return false;
    if (!wanted(event.get(*ref))) return true;
    return text && event.set(*ref, text->value(event, event.batch()));
  };
}

Operation map(FieldName field, Mapping mapping, Items items) {
  return [=](Event event, Workspace&) {
    std::optional<FieldRef> holder;
    const FieldRef* const ref = field.of(event, holder);
    return ref && map_field(event, *ref, mapping, items);
  };
}

Operation substitute(FieldName field, std::optional<Regex> regex,
                     std::optional<Template> expression, Template replacement) {
  return [=](Event event, Workspace& workspace) {
    std::optional<FieldRef> holder;
    const FieldRef* const ref = field.of(event, holder);
    const Regex* const search = regex ? &*regex : completed(*expression, event, workspace);
    if (!ref || !search) return false;
    workspace.replacement.recycle(kMostKept);
    replacement.append(event, workspace.replacement);
    const auto replace = [&](const Value& value, Batch& batch) -> std::optional<Value> {
      if (!value.is_string()) return std::nullopt;
      workspace.text.recycle(kMostKept);
      if (!search->replace_all(value.text(), workspace.replacement.view(), workspace.text))
        return std::nullopt;
      return batch.copy(workspace.text.view());
    };
    return map_field(event, *ref, std::cref(replace));
  };
}

Operation rename(FieldName from, FieldName to) {
  return [=](Event event, Workspace&) {
    std::optional<FieldRef> from_holder;
    std::optional<FieldRef> to_holder;
    const FieldRef* const source = from.of(event, from_holder);
    const FieldRef* const target = to.of(event, to_holder);
    if (!source || !target) return false;
    const Value* present = event.get(*source);
    if (!present) return true;
    const Value value = share(*present);
    event.remove(*source);
    if (event.set(*target, value)) return true;
    return event.set(*source, value) && false;  // as it was: nothing is lost
  };
}

Operation copy(FieldName from, FieldName to) {
  return [=](Event event, Workspace&) {
    std::optional<FieldRef> from_holder;
    std::optional<FieldRef> to_holder;
    const FieldRef* const source = from.of(event, from_holder);
    const FieldRef* const target = to.of(event, to_holder);
    if (!source || !target) return false;
    const Value* present = event.get(*source);
    return !present || present->is_null() || event.set(*target, share(*present));
  };
}

Operation merge(FieldName into, FieldName from) {
  return [=](Event event, Workspace&) {
    std::optional<FieldRef> into_holder;
    std::optional<FieldRef> from_holder;
    const FieldRef* const target = into.of(event, into_holder);
    const FieldRef* const source = from.of(event, from_holder);
    if (!target || !source) return false;
    const Value* added = event.get(*source);
    const Value* present = event.get(*target);
    const bool into_object = present && present->is_object();
    if (into_object != (added && added->is_object())) return true;
    if (into_object) {
      share(*present);
      return merge_objects(event, *target, share(*added).object());
    }
    Arena& arena = event.batch().arena();
    Array* list = Array::make(arena, 4);
    push_all(*list, present, arena);
    push_all(*list, added, arena);
    return event.set(*target, Value::of(list));
  };
}

Operation split(FieldName field, std::string separator) {
  return [=](Event event, Workspace&) {
    std::optional<FieldRef> holder;
    const FieldRef* const ref = field.of(event, holder);
    if (!ref) return false;
    const Value* value = event.get(*ref);
    if (!value || !value->is_string()) return true;
    return event.set(*ref, split_text(value->text(), separator, event.batch()));
  };
}

Operation join(FieldName field, std::string separator) {
  return [=](Event event, Workspace& workspace) {
    std::optional<FieldRef> holder;
    const FieldRef* const ref = field.of(event, holder);
    if (!ref) return false;
    const Value* value = event.get(*ref);
    if (!value || !value->is_array()) return true;
    workspace.text.recycle(kMostKept);
    append_joined(event.batch(), value->array(), separator, workspace.text);
    return event.set(*ref, event.batch().copy(workspace.text.view()));
  };
}

}  // namespace millrace::mutate
