#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "pipeline/event/batch.h"

namespace millrace {

/// Fields that say where an event comes from, the same for all events of a batch: host, path.
/// Declared while the config is loaded; immutable after that, and thread-safe.
///
///     ConstantFields fields;
///     fields.add({"log", "file", "path"}, 0).add({"host", "name"}, 1);
///     fields.put_into(batch, std::array{path, host});
class ConstantFields {
 public:
  /// The field [path[0]][path[1]]... holds text number `text` of put_into().
  ConstantFields& add(std::initializer_list<std::string_view> path, std::size_t text);

  /// From now on the fields take the place of what an event has there: it came from a peer, who
  /// must not be able to say what is ours to say.
  ConstantFields& replacing() {
    replaces_ = true;
    return *this;
  }

  /// Gives the fields to every event of `batch` that does not have them. What is there stays, also
  /// a scalar where an object would be needed, unless replacing() was said. `texts` are copied,
  /// once; the objects are built once too and shared by the events.
  void put_into(Batch& batch, std::span<const std::string_view> texts) const;

 private:
  struct Field {
    NameId name;
    std::size_t text = 0;
    std::vector<Field> inside;  // not empty: an object
  };
  static Value make(const Field& field, std::span<const Value> texts, Arena& arena);
  void complete(Batch& batch, Value& present, const Value& wanted) const;

  std::vector<Field> fields_;
  bool replaces_ = false;
};

}  // namespace millrace
