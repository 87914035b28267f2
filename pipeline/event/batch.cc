#include "pipeline/event/batch.h"

#include <algorithm>
#include <mutex>

namespace millrace {
namespace {

constexpr std::size_t kMostFree = 64;

struct BatchPool {
  std::mutex mutex;
  std::vector<Batch*> free;  // guarded by mutex
};

BatchPool& pool() {
  static auto* instance = new BatchPool;  // never destroyed: batches may outlive static destruction
  return *instance;
}

Array* shallow_copy(Arena& arena, const Array& from) {
  Array* copy = Array::make(arena, from.size);
  if (from.size)
    std::memcpy(static_cast<void*>(copy->items), from.items, from.size * sizeof(Value));
  copy->size = from.size;
  return copy;
}

Object* shallow_copy(Arena& arena, const Object& from) {
  Object* copy = Object::make(arena, from.size + 4);
  for (std::uint32_t i = 0; i < from.size; ++i) copy->append(arena, from.names[i], from.values[i]);
  return copy;
}

/// What lies directly below a container that now has two owners is shared by both.
void share_children(const Value* values, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) share(values[i]);
}

}  // namespace

Batch::Ptr Batch::make() {
  {
    std::lock_guard lock(pool().mutex);
    if (!pool().free.empty()) {
      Batch* batch = pool().free.back();
      pool().free.pop_back();
      batch->names_.reset();  // names may have become known while it lay there
      return Ptr(batch);
    }
  }
  return Ptr(new Batch);
}

void Batch::Recycle::operator()(Batch* batch) const {
  batch->clear();
  {
    std::lock_guard lock(pool().mutex);
    if (pool().free.size() < kMostFree) {
      pool().free.push_back(batch);
      return;
    }
  }
  delete batch;
}

void Batch::clear() {
  if (!slots_.empty()) room_ = std::clamp(slots_.front().fields->size, kLeastRoom, kMostRoom);
  slots_.clear();
  blocks_.clear();
  names_.reset();
  arena_.reset();
  held_bytes_ = 0;
}

Event Batch::add(Timestamp now) {
  Object* fields = Object::make(arena_, room_);
  fields->append(arena_, name::timestamp, Value::of(now));
  fields->append(arena_, name::version, Value::of(std::string_view("1")));
  slots_.push_back({fields, nullptr, size()});
  return Event(*this, size() - 1);
}

Event Batch::add_child(std::uint32_t parent, Object* fields) {
  slots_.push_back({fields, slots_[parent].receipt, slots_[parent].origin});
  return Event(*this, size() - 1);
}

Object* Batch::copy_fields(std::uint32_t at) {
  Object& original = *slots_[at].fields;
  share_children(original.values, original.size);
  return shallow_copy(arena_, original);
}

Selection Batch::merge(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) const {
  if (a.empty()) return {b.begin(), b.end()};
  if (b.empty()) return {a.begin(), a.end()};
  Selection merged(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), merged.begin(),
             [&](auto x, auto y) { return slots_[x].origin < slots_[y].origin; });
  return merged;
}

void Batch::own(Value& value) {
  if (value.is_object() && value.object().shared) {
    share_children(value.object().values, value.object().size);
    value = Value::of(shallow_copy(arena_, value.object()));
  } else if (value.is_array() && value.array().shared) {
    share_children(value.array().items, value.array().size);
    value = Value::of(shallow_copy(arena_, value.array()));
  }
}

Value Batch::adopt(const Batch& from, const Value& value) {
  switch (value.type()) {
    case Type::string:
      return copy(value.text());
    case Type::number_text:
      return Value::number(arena_.copy(value.text()));
    case Type::array: {
      Array* array = Array::make(arena_, value.array().size);
      for (const Value& item : value.array()) array->push(arena_, adopt(from, item));
      return Value::of(array);
    }
    case Type::object: {
      const Object& source = value.object();
      Object* object = Object::make(arena_, source.size);
      for (std::uint32_t i = 0; i < source.size; ++i) {
        object->append(arena_, names_.id(from.names()[source.names[i]].text),
                       adopt(from, source.values[i]));
      }
      return Value::of(object);
    }
    default:
      return value;
  }
}

}  // namespace millrace
