#pragma once

#include <cstdint>
#include <string_view>

#include "pipeline/event/field_ref.h"
#include "pipeline/event/value.h"

namespace millrace {

class Batch;

/// Reading side of an event: a handle of two words, copied freely, valid as long as its batch.
class ConstEvent {
 public:
  ConstEvent(const Batch& batch, std::uint32_t at) : batch_(&batch), at_(at) {}

  /// nullptr: there is no such field. A field may be there and hold null.
  const Value* get(const FieldRef& ref) const;
  const Value* get(NameId top_level) const;

  inline const Object& fields() const;  // in batch.h
  /// @timestamp; the epoch where a config removed it.
  Timestamp timestamp() const;
  bool has_tag(std::string_view tag) const;

  const Batch& batch() const { return *batch_; }
  std::uint32_t at() const { return at_; }

 protected:
  const Batch* batch_;
  std::uint32_t at_;
};

/// Writing side of an event.
class Event : public ConstEvent {
 public:
  Event(Batch& batch, std::uint32_t at) : ConstEvent(batch, at), writable_(&batch) {}

  Batch& batch() const { return *writable_; }
  inline Object& fields() const;  // in batch.h

  /// Sets a field, making the objects on the way. False, and nothing changed, where a scalar stands
  /// in the way, where `@timestamp` would become something else than a timestamp, or `tags`
  /// something else than a string or a list of strings.
  [[nodiscard]] bool set(const FieldRef& ref, Value value);
  /// Sets a top-level field that is not there yet. False, and nothing changed, where it is there,
  /// where `ref` leads deeper, and where set() refuses.
  [[nodiscard]] bool put_new(const FieldRef& ref, Value value);
  /// Sets a top-level field unchecked: for inputs and codecs, which know what they write.
  void put(NameId top_level, Value value);

  /// The field for changing in place; nullptr where there is none. What is shared on the way is
  /// copied first.
  Value* mutate(const FieldRef& ref);

  /// False where there was none. An array closes the gap.
  bool remove(const FieldRef& ref);

  /// Adds to `tags` unless it is there. `tag` is copied into the batch.
  void tag(std::string_view tag);
  void untag(std::string_view tag);

  void set_timestamp(Timestamp timestamp) { put(name::timestamp, Value::of(timestamp)); }

  /// Takes `document` over field by field, as an event that came as data: `@timestamp` is read (a
  /// bad one goes to `_@timestamp` with tag `_timestampparsefailure`), bad `tags` go to `_tags`
  /// with tag `_tagsparsefailure`. Existing fields are overwritten.
  void merge_document(const Object& document);

 private:
  Batch* writable_;
};

}  // namespace millrace
