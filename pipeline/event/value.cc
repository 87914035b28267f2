#include "pipeline/event/value.h"

#include <emmintrin.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace millrace {
namespace {

std::uint32_t spread(NameId name) { return name * 0x9E37'79B1u; }

/// An int64 and a double are equal only where the double is that very integer.
bool equal_mixed(std::int64_t i, double d) {
  return d >= -9223372036854775808.0 && d < 9223372036854775808.0 &&
         static_cast<double>(static_cast<std::int64_t>(d)) == d &&
         static_cast<std::int64_t>(d) == i;
}

bool equal_numbers(const Value& a, const Value& b) {
  if (a.type() == Type::integer && b.type() == Type::integer) return a.integer() == b.integer();
  if (a.type() == Type::integer && b.type() == Type::real)
    return equal_mixed(a.integer(), b.real());
  if (a.type() == Type::real && b.type() == Type::integer)
    return equal_mixed(b.integer(), a.real());
  if (a.type() == Type::number_text && b.type() == Type::number_text) return a.text() == b.text();
  return a.as_double() == b.as_double();
}

bool equal_objects(const Object& a, const Object& b) {
  if (a.size != b.size) return false;
  for (std::uint32_t i = 0; i < a.size; ++i) {
    const Value* other = b.find(a.names[i]);
    if (!other || !equal(a.values[i], *other)) return false;
  }
  return true;
}

bool equal_arrays(const Array& a, const Array& b) {
  if (a.size != b.size) return false;
  for (std::uint32_t i = 0; i < a.size; ++i)
    if (!equal(a.items[i], b.items[i])) return false;
  return true;
}

}  // namespace

std::string_view describe(Type type) {
  switch (type) {
    case Type::null:
      return "null";
    case Type::boolean:
      return "boolean";
    case Type::integer:
      return "integer";
    case Type::real:
      return "float";
    case Type::number_text:
      return "number";
    case Type::string:
      return "string";
    case Type::timestamp:
      return "timestamp";
    case Type::array:
      return "array";
    case Type::object:
      return "object";
  }
  return "";
}

double Value::as_double() const {
  if (type_ == Type::integer) return static_cast<double>(integer_);
  if (type_ == Type::real) return real_;
  double d = 0;
  const auto [end, error] = std::from_chars(text_, text_ + size_, d);
  return error == std::errc::result_out_of_range ? (*text_ == '-' ? -HUGE_VAL : HUGE_VAL) : d;
}

bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return equal_numbers(a, b);
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case Type::null:
      return true;
    case Type::boolean:
      return a.boolean() == b.boolean();
    case Type::string:
      return a.text() == b.text();
    case Type::timestamp:
      return a.timestamp() == b.timestamp();
    case Type::array:
      return equal_arrays(a.array(), b.array());
    case Type::object:
      return equal_objects(a.object(), b.object());
    default:
      return false;
  }
}

Array* Array::make(Arena& arena, std::uint32_t capacity) {
  auto* array = new (arena.allocate(sizeof(Array))) Array;
  array->capacity = capacity;
  array->items = arena.array<Value>(capacity);
  return array;
}

void Array::push(Arena& arena, Value value) {
  if (size == capacity) {
    capacity = capacity ? capacity * 2 : 4;
    auto* bigger = arena.array<Value>(capacity);
    if (size) std::memcpy(static_cast<void*>(bigger), items, size * sizeof(Value));
    items = bigger;
  }
  items[size++] = value;
}

void Array::erase(std::uint32_t at) {
  std::memmove(static_cast<void*>(items + at), items + at + 1, (size - at - 1) * sizeof(Value));
  --size;
}

Object* Object::make(Arena& arena, std::uint32_t capacity) {
  capacity = (capacity + 3) & ~3u;
  const std::size_t names_bytes = capacity * sizeof(NameId);
  const std::size_t bytes = sizeof(Object) + names_bytes + capacity * sizeof(Value);
  auto* memory = static_cast<char*>(arena.allocate(bytes));
  auto* object = new (memory) Object;
  object->capacity = capacity;
  object->names = reinterpret_cast<NameId*>(memory + sizeof(Object));
  object->values = reinterpret_cast<Value*>(memory + sizeof(Object) + names_bytes);
  return object;
}

std::uint32_t Object::position(NameId name) const {
  if (index) return indexed_position(name);
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(name));
  for (std::uint32_t i = 0; i < size;
       i += 4) {  // capacity is a multiple of 4: the tail is readable, and past size it is ignored
    const __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(names + i));
    const int hits = _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(four, wanted)));
    if (hits) return i + static_cast<std::uint32_t>(__builtin_ctz(static_cast<unsigned>(hits)));
  }
  return size;
}

std::uint32_t Object::indexed_position(NameId name) const {
  for (std::uint32_t i = spread(name);; ++i) {
    const std::uint32_t at = index[i & index_mask];
    if (at == 0) return size;
    if (names[at - 1] == name) return at - 1;
  }
}

void Object::index_add(std::uint32_t at) {
  std::uint32_t i = spread(names[at]);
  while (index[i & index_mask] != 0) ++i;
  index[i & index_mask] = at + 1;
}

void Object::build_index(Arena& arena) {
  std::uint32_t slots = 128;
  while (slots < capacity * 2) slots *= 2;
  index = arena.array<std::uint32_t>(slots);
  std::memset(index, 0, slots * sizeof(std::uint32_t));
  index_mask = slots - 1;
  for (std::uint32_t at = 0; at < size; ++at) index_add(at);
}

void Object::grow(Arena& arena, std::uint32_t least) {
  const std::uint32_t bigger = std::max(capacity * 2, (least + 3) & ~3u);
  auto* new_values = arena.array<Value>(bigger);
  auto* new_names = arena.array<NameId>(bigger);
  if (size) {
    std::memcpy(static_cast<void*>(new_values), values, size * sizeof(Value));
    std::memcpy(new_names, names, size * sizeof(NameId));
  }
  values = new_values;
  names = new_names;
  capacity = bigger;
  index = nullptr;
}

void Object::index_last(Arena& arena) {
  if (index)
    index_add(size - 1);
  else
    build_index(arena);
}

Value& Object::slot(Arena& arena, NameId name) {
  if (Value* present = find(name)) return *present;
  append(arena, name, Value());
  return values[size - 1];
}

bool Object::erase(NameId name) {
  const std::uint32_t at = position(name);
  if (at >= size) return false;
  std::memmove(static_cast<void*>(values + at), values + at + 1, (size - at - 1) * sizeof(Value));
  std::memmove(names + at, names + at + 1, (size - at - 1) * sizeof(NameId));
  --size;
  if (!index) return true;
  std::memset(index, 0, (index_mask + 1) * sizeof(std::uint32_t));  // positions have shifted
  for (std::uint32_t i = 0; i < size; ++i) index_add(i);
  return true;
}

}  // namespace millrace
