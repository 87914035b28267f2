#pragma once

#include <cassert>
#include <cstdint>
#include <string_view>

#include "pipeline/event/arena.h"
#include "pipeline/event/names.h"
#include "pipeline/event/timestamp.h"

namespace millrace {

struct Array;
struct Object;

/// As wide as a Value has room for: one without padding is copied as two words, not byte by byte.
enum class Type : std::uint32_t {
  null,
  boolean,
  integer,      ///< signed 64 bit
  real,         ///< IEEE double
  number_text,  ///< a JSON number that neither of the two holds: kept and printed as its text
  string,       ///< bytes, UTF-8 unless the source was not
  timestamp,
  array,
  object,
};

/// "string", "object", ...: for messages.
std::string_view describe(Type type);

/// A field's value: 16 bytes, copied freely. Strings, arrays and objects are views of memory that
/// the batch owns (its arena or its blocks), so a Value lives no longer than its batch;
/// Batch::adopt() copies one over from another.
class Value {
 public:
  Value() : integer_(0) {}
  static Value of(bool b) { return {Type::boolean, b ? 1 : 0}; }
  static Value of(std::int64_t i) { return {Type::integer, i}; }
  static Value of(double d) {
    Value v{Type::real, 0};
    v.real_ = d;
    return v;
  }
  static Value of(Timestamp t) { return {Type::timestamp, t.ns}; }
  /// A view: `text` must live as long as the batch. At most 4 GiB; longer text is cut by the
  /// caller's own, smaller limit.
  static Value of(std::string_view text) { return of_text(Type::string, text); }
  static Value of(const char* text) = delete;  // would be a boolean
  static Value number(std::string_view digits) { return of_text(Type::number_text, digits); }
  static Value of(Array* array) {
    Value v{Type::array, 0};
    v.array_ = array;
    return v;
  }
  static Value of(Object* object) {
    Value v{Type::object, 0};
    v.object_ = object;
    return v;
  }

  Type type() const { return type_; }
  bool is_null() const { return type_ == Type::null; }
  bool is_string() const { return type_ == Type::string; }
  bool is_object() const { return type_ == Type::object; }
  bool is_array() const { return type_ == Type::array; }
  bool is_number() const {
    return type_ == Type::integer || type_ == Type::real || type_ == Type::number_text;
  }

  bool boolean() const { return assert(type_ == Type::boolean), integer_ != 0; }
  std::int64_t integer() const { return assert(type_ == Type::integer), integer_; }
  double real() const { return assert(type_ == Type::real), real_; }
  Timestamp timestamp() const { return assert(type_ == Type::timestamp), Timestamp{integer_}; }
  /// Of a string or a number_text.
  std::string_view text() const {
    return assert(is_string() || type_ == Type::number_text), std::string_view{text_, size_};
  }
  Array& array() const { return assert(is_array()), *array_; }
  Object& object() const { return assert(is_object()), *object_; }

  /// Any number as a double; precision may be lost.
  double as_double() const;
  /// The rule of conditions: null and false are false, all else is true, 0 and "" too.
  bool truthy() const { return type_ != Type::null && !(type_ == Type::boolean && integer_ == 0); }

 private:
  Value(Type type, std::int64_t integer) : integer_(integer), type_(type) {}
  static Value of_text(Type type, std::string_view text) {
    Value v{type, 0};
    v.text_ = text.data();
    v.size_ = static_cast<std::uint32_t>(text.size());
    return v;
  }

  union {
    std::int64_t integer_;
    double real_;
    const char* text_;
    Array* array_;
    Object* object_;
  };
  std::uint32_t size_ = 0;
  Type type_ = Type::null;
};
static_assert(sizeof(Value) == 16);

/// Values of equal meaning: numbers by value whatever their type, strings by bytes, containers by
/// content. Timestamps equal timestamps only.
bool equal(const Value& a, const Value& b);

/// A list, in its batch's arena.
///
/// `shared` containers may be reachable from several events; they are copied before they are
/// changed (Batch::own).
struct Array {
  std::uint32_t size = 0;
  std::uint32_t capacity = 0;
  Value* items = nullptr;
  bool shared = false;

  static Array* make(Arena& arena, std::uint32_t capacity);
  void push(Arena& arena, Value value);
  void erase(std::uint32_t index);
  const Value* begin() const { return items; }
  const Value* end() const { return items + size; }
};

/// Fields by name, in insertion order, in its batch's arena. Small ones are scanned, large ones get
/// a hash index, so 10^5 hostile keys cost what 10^5 keys cost.
struct Object {
  std::uint32_t size = 0;
  std::uint32_t capacity = 0;  // a multiple of 4
  NameId* names = nullptr;
  Value* values = nullptr;
  std::uint32_t* index = nullptr;  // open addressing over positions + 1; only past kScanned fields
  std::uint32_t index_mask = 0;
  bool shared = false;
  // A bit for each name that was ever appended: most names that are asked for and not there are
  // told by it alone. Ids of one config follow each other, so they seldom share a bit.
  std::uint64_t appended = 0;

  static constexpr std::uint32_t kScanned = 32;

  static Object* make(Arena& arena, std::uint32_t capacity);
  Value* find(NameId name) const {
    if (!(appended & bit(name))) return nullptr;
    const std::uint32_t at = position(name);
    return at < size ? values + at : nullptr;
  }
  /// The value under `name`; a new null one at the end where there is none.
  Value& slot(Arena& arena, NameId name);
  /// Makes room for `more` fields at once.
  void reserve(Arena& arena, std::uint32_t more) {
    if (capacity - size < more) grow(arena, size + more);
  }
  /// Adds at the end; the caller knows that `name` is not there yet.
  void append(Arena& arena, NameId name, Value value) {
    if (size == capacity) grow(arena, size + 1);
    names[size] = name;
    values[size] = value;
    appended |= bit(name);
    ++size;
    if (index || size > kScanned) index_last(arena);
  }
  /// Later fields keep their order. False where there was none.
  bool erase(NameId name);
  void clear() {
    size = 0;
    index = nullptr;
    appended = 0;
  }

 private:
  static std::uint64_t bit(NameId name) { return std::uint64_t{1} << (name & 63); }
  std::uint32_t position(NameId name) const;  // size where it is not there
  std::uint32_t indexed_position(NameId name) const;
  void grow(Arena& arena, std::uint32_t least);
  void index_last(Arena& arena);
  void build_index(Arena& arena);
  void index_add(std::uint32_t at);
};

/// `value` for a second place: a container in two places is copied by whoever writes to it first
/// (Batch::own).
inline Value share(Value value) {
  if (value.is_array()) value.array().shared = true;
  if (value.is_object()) value.object().shared = true;
  return value;
}

}  // namespace millrace
