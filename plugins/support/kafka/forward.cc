#include <array>

#include "plugins/support/kafka/consumer.h"
#include "plugins/support/kafka/producer_handles.h"

namespace millrace::kafka {
namespace {

const char* bytes_of(std::string_view text) { return text.data() ? text.data() : ""; }

/// The headers of `message`, no longer its own, with `more` behind them; null where there are none.
rd_kafka_headers_t* take_headers(rd_kafka_message_t* message, std::span<const Header> more) {
  rd_kafka_headers_t* list = nullptr;
  if (rd_kafka_message_detach_headers(message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) list = nullptr;
  if (more.empty()) return list;
  if (!list) list = rd_kafka_headers_new(more.size());
  for (const Header& header : more)
    rd_kafka_header_add(list, header.name.data(), static_cast<ssize_t>(header.name.size()),
                        header.value ? bytes_of(*header.value) : nullptr,
                        header.value ? static_cast<ssize_t>(header.value->size()) : 0);
  return list;
}

}  // namespace

TopicHandle Producer::topic(const std::string& name) {
  auto& made = handles_->topics[name];
  if (!made) made = rd_kafka_topic_new(handles_->client, name.c_str(), nullptr);
  return made;
}

Taken Producer::forward(const Onward& record, int& code) {
  rd_kafka_message_t* const message = record.message.message_.get();
  std::array<rd_kafka_vu_t, 7> list{};
  std::size_t count = 0;
  const auto add = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
    list[count].vtype = type;
    return list[count++];
  };
  const auto add_bytes = [&](rd_kafka_vtype_t type, void* bytes, std::size_t size) {
    rd_kafka_vu_t& to = add(type);
    to.u.mem.ptr = bytes;
    to.u.mem.size = size;
  };
  add(RD_KAFKA_VTYPE_RKT).u.rkt = record.topic;
  add(RD_KAFKA_VTYPE_PARTITION).u.i32 = record.partition;
  add(RD_KAFKA_VTYPE_OPAQUE).u.ptr = record.tag;
  if (record.timestamp_ms > 0) add(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = record.timestamp_ms;
  // A null pointer is null, an empty text is not: the library keeps the difference.
  add_bytes(RD_KAFKA_VTYPE_VALUE, message->payload, message->len);
  add_bytes(RD_KAFKA_VTYPE_KEY, message->key, message->key_len);
  rd_kafka_headers_t* const headers = take_headers(message, record.more_headers);
  if (headers) add(RD_KAFKA_VTYPE_HEADERS).u.headers = headers;
  const ErrorHandle error(rd_kafka_produceva(handles_->client, list.data(), count));
  if (!error) return Taken::yes;
  if (headers) rd_kafka_headers_destroy(headers);
  code = rd_kafka_error_code(error.get());
  return code == RD_KAFKA_RESP_ERR__QUEUE_FULL ? Taken::full : Taken::failed;
}

}  // namespace millrace::kafka
