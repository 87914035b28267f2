#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pipeline/event/batch.h"

namespace millrace {

/// Stable ids: `[@metadata][millrace][id]` names the place of an event in its source, so that it is
/// the same whenever the event is read again, and no other event's. An output can use it to deliver
/// what comes twice once.
///
///     ids_ = EventIds::if_mentioned();                                  // in run()
///     if (ids_) ids_->put(event, "orders-3", record.offset);            // orders-3:4711
///
/// Immutable; shared by threads.
class EventIds {
 public:
  /// nullopt: no config of this process mentions the field, so that setting it would be in vain. To
  /// be asked when the configs are loaded: in an input's run(), not in its create().
  static std::optional<EventIds> if_mentioned();

  /// `source`: names the file, partition, ... for ever. `position`: of the message in it. `part`:
  /// which of the events that the message became.
  void put(Event event, std::string_view source, std::uint64_t position,
           std::uint32_t part = 0) const;
  /// An id that the event brought with it: a string that lives as long as the batch.
  void put(Event event, Value id) const { (void)event.set(field_, id); }

 private:
  explicit EventIds(FieldRef field) : field_(std::move(field)) {}
  FieldRef field_;
};

}  // namespace millrace
