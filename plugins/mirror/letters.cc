#include "plugins/mirror/letters.h"

#include "pipeline/event/base64.h"
#include "pipeline/event/utf8.h"
#include "plugins/support/kafka/journal.h"

namespace millrace::mirror {
namespace {

using Bytes = std::optional<std::string_view>;

/// The fields of an object of `batch`.
class Fields {
 public:
  Fields(Batch& batch, Object& object) : batch_(batch), object_(object) {}

  void put(std::string_view name, Value value) {
    object_.append(batch_.arena(), batch_.names().id(name), value);
  }
  void put_text(std::string_view name, std::string_view text) { put(name, batch_.copy(text)); }
  void put_bytes(std::string_view name, Bytes bytes) {
    if (!bytes) return put(name, Value());
    if (is_utf8(*bytes)) return put_text(name, *bytes);
    put_text(std::string(name) + "_base64", base64(*bytes));
  }

 private:
  Batch& batch_;
  Object& object_;
};

Object* make_object(Batch& batch, std::uint32_t room) { return Object::make(batch.arena(), room); }

Value list_of(std::span<const kafka::Header> headers, Batch& batch) {
  Array* const list = Array::make(batch.arena(), static_cast<std::uint32_t>(headers.size()));
  for (const kafka::Header& header : headers) {
    Object* const one = make_object(batch, 4);
    Fields fields(batch, *one);
    fields.put_bytes("name", header.name);
    fields.put_bytes("value", header.value);
    list->push(batch.arena(), Value::of(one));
  }
  return Value::of(list);
}

}  // namespace

void add_letter_event(const Refused& record, Batch& batch) {
  const auto time = record.timestamp_ms;
  const auto timestamp = time ? timestamp_from_millis(*time) : std::nullopt;
  Event event = batch.add(timestamp.value_or(Timestamp::now()));
  Object* const kafka = make_object(batch, 8);
  Fields fields(batch, *kafka);
  fields.put_text("topic", record.topic);
  fields.put("partition", Value::of(std::int64_t{record.partition}));
  fields.put("offset", Value::of(record.offset));
  fields.put("timestamp", time ? Value::of(*time) : Value());
  fields.put_bytes("key", record.key);
  fields.put("headers", list_of(record.headers, batch));
  fields.put_text("target", record.target);
  Fields top(batch, event.fields());
  top.put_bytes("message", record.value);
  top.put("kafka", Value::of(kafka));
}

Letters::Letters(const FlowSettings& settings)
    : flow_(settings.options.flow),
      store_(DeadLetterSettings{
          .directory = std::filesystem::path(settings.options.dead_letter_path) / flow_,
          .max_bytes = settings.options.dead_letter_max_bytes.count,
          .component = settings.component() + " dead letters"}) {}

Result<void> Letters::open() {
  auto opened = store_.open();
  open_ = opened.has_value();
  return opened;
}

Letters::Outcome Letters::keep(const Refused& record) {
  const Batch::Ptr batch = Batch::make();
  add_letter_event(record, *batch);
  const std::string name = kafka::error_name(record.code);
  const auto outcome = store_.write(
      *batch, 0,
      {.code = name, .message = record.why, .plugin_type = "mirror", .plugin_id = flow_});
  if (outcome == DeadLetterOutcome::kept) return Outcome::kept;
  return outcome == DeadLetterOutcome::full ? Outcome::later : Outcome::never;
}

}  // namespace millrace::mirror
