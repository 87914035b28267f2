#include "plugins/inputs/kafka/events.h"

#include <array>

namespace millrace::kafka::in {

void EventMaker::append(Partition& partition, const Message& message, Batch& batch) {
  const std::uint32_t first = batch.size();
  if (const auto value = message.value()) {
    const std::string_view copy = batch.arena().copy(*value);
    partition.held.push_back(message.offset());
    partition.decoder->decode({&copy, 1}, batch);
    while (partition.held.size() > partition.decoder->held_messages()) partition.held.pop_front();
  } else {
    batch.add(Timestamp::now());
  }
  decorate(partition, message, batch, first);
}

void EventMaker::flush(Partition& partition, Batch& batch) {
  partition.decoder->flush(batch);
  partition.held.clear();
}

void EventMaker::decorate(const Partition& partition, const Message& message, Batch& batch,
                          std::uint32_t first) {
  if (first == batch.size()) return;
  const bool tombstone = !message.value();
  const bool wanted = settings_.decorate != Decorate::none || tombstone;
  const Value about = wanted ? metadata(message, batch) : Value();
  for (std::uint32_t at = first; at < batch.size(); ++at) {
    // False only where the codec read an @metadata that is no object out of the data.
    if (wanted) (void)batch[at].set(names_.place, first + 1 < batch.size() ? share(about) : about);
    if (ids_)
      ids_->put(batch[at], partition.source, static_cast<std::uint64_t>(message.offset()),
                at - first);
  }
}

Value EventMaker::text(std::string_view bytes, Batch& batch) {
  const std::array copy{batch.arena().copy(bytes)};
  return Value::of(utf8_.read(copy, batch).front());
}

Value EventMaker::metadata(const Message& message, Batch& batch) {
  Object* const about = Object::make(batch.arena(), 8);
  const auto add = [&](NameId name, Value value) { about->slot(batch.arena(), name) = value; };
  if (settings_.decorate != Decorate::none) {
    add(names_.topic, batch.copy(message.topic()));
    add(names_.consumer_group, batch.copy(settings_.group));
    add(names_.partition, Value::of(std::int64_t{message.partition()}));
    add(names_.offset, Value::of(message.offset()));
    const auto key = message.key();
    add(names_.key, key ? text(*key, batch) : Value());
    if (const auto time = message.timestamp_ms()) add(names_.timestamp, Value::of(*time));
  }
  if (!message.value()) add(names_.tombstone, Value::of(true));
  if (settings_.decorate == Decorate::extended) add(names_.headers, headers(message, batch));
  return Value::of(about);
}

Value EventMaker::headers(const Message& message, Batch& batch) {
  headers_.clear();
  message.headers(headers_);
  Object* const out = Object::make(batch.arena(), static_cast<std::uint32_t>(headers_.size()));
  for (const Header& header : headers_) {
    const std::string_view name = text(header.name, batch).text();
    out->slot(batch.arena(), batch.names().id(name)) =
        header.value ? text(*header.value, batch) : Value();
  }
  return Value::of(out);
}

}  // namespace millrace::kafka::in
