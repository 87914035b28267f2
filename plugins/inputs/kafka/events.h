#pragma once

#include <optional>

#include "pipeline/plugin/input.h"
#include "plugins/inputs/kafka/options.h"
#include "plugins/inputs/kafka/partition.h"
#include "plugins/support/charset.h"
#include "plugins/support/event_ids.h"

namespace millrace::kafka::in {

/// The names in [@metadata][kafka]. Made while the config is loaded; shared by threads.
struct MetadataNames {
  FieldRef place = FieldRef::top(name::metadata).child("kafka");
  NameId topic = Names::intern("topic");
  NameId consumer_group = Names::intern("consumer_group");
  NameId partition = Names::intern("partition");
  NameId offset = Names::intern("offset");
  NameId key = Names::intern("key");
  NameId timestamp = Names::intern("timestamp");
  NameId headers = Names::intern("headers");
  NameId tombstone = Names::intern("tombstone");
};

/// Records to events. One thread.
class EventMaker {
 public:
  EventMaker(const Settings& settings, const MetadataNames& names)
      : settings_(settings), names_(names), ids_(EventIds::if_mentioned()), utf8_(Charset()) {}

  /// Appends the events of `message`, whose bytes are copied into the batch: one copy, so that a
  /// batch holds its bytes and not the library's fetch. A record without value becomes an event
  /// that no codec saw.
  void append(Partition& partition, const Message& message, Batch& batch);

  /// Appends what the partition's codec holds back.
  void flush(Partition& partition, Batch& batch);

 private:
  void decorate(const Partition& partition, const Message& message, Batch& batch,
                std::uint32_t first);
  Value metadata(const Message& message, Batch& batch);
  Value headers(const Message& message, Batch& batch);
  Value text(std::string_view bytes, Batch& batch);

  const Settings& settings_;
  const MetadataNames& names_;
  const std::optional<EventIds> ids_;
  Utf8Reader utf8_;
  std::vector<Header> headers_;
};

}  // namespace millrace::kafka::in
