#include "plugins/support/kafka/producer.h"

#include <fmt/format.h>

#include <array>
#include <atomic>

#include "plugins/support/kafka/connection_options.h"
#include "plugins/support/kafka/producer_handles.h"

namespace millrace::kafka {
namespace {

void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  static_cast<Journal*>(rd_kafka_opaque(client))->line(level, facility, text);
}

/// Each record to the next partition in turn.
std::int32_t next_partition(const rd_kafka_topic_t*, const void*, std::size_t,
                            std::int32_t partitions, void*, void*) {
  static std::atomic<std::uint32_t> turn{0};
  return static_cast<std::int32_t>(turn.fetch_add(1, std::memory_order_relaxed) %
                                   static_cast<std::uint32_t>(partitions));
}

/// Says how producev()'s arguments are typed; the array form takes no varargs.
rd_kafka_vu_t argument(rd_kafka_vtype_t type) {
  rd_kafka_vu_t out{};
  out.vtype = type;
  return out;
}

/// An idempotent producer of librdkafka takes a request that was refused, and has not been sent
/// again yet, for stored once a later one of its partition is: a broker would have refused that
/// one, having missed the first (rd_kafka_dr_implicit_ack() in its rdkafka_broker.c). But a broker
/// that knows nothing of a producer id takes any first sequence number, so the records may be
/// nowhere. Their reports say neither error nor offset.
int code_of(const rd_kafka_message_t& message) {
  const bool unknown = message.err == RD_KAFKA_RESP_ERR_NO_ERROR && message.offset < 0;
  return unknown ? RD_KAFKA_RESP_ERR__NO_OFFSET : message.err;
}

const char* bytes_of(std::string_view text) {
  // A null pointer would be a null key or value; an empty view may have one.
  return text.data() ? text.data() : "";
}

/// Up to the number of arguments that a record can need.
class Arguments {
 public:
  explicit Arguments(const ProducerRecord& record) : topic_(record.topic) {
    add(RD_KAFKA_VTYPE_TOPIC).u.cstr = topic_.c_str();
    add(RD_KAFKA_VTYPE_PARTITION).u.i32 = record.partition;
    add(RD_KAFKA_VTYPE_OPAQUE).u.ptr = record.tag;
    if (record.timestamp_ms > 0) add(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = record.timestamp_ms;
    if (record.key) add_bytes(RD_KAFKA_VTYPE_KEY, *record.key);
    if (record.value) add_bytes(RD_KAFKA_VTYPE_VALUE, *record.value);
    if (record.headers.empty()) return;
    headers_ = rd_kafka_headers_new(record.headers.size());
    for (const Header& header : record.headers)
      rd_kafka_header_add(headers_, header.name.data(), static_cast<ssize_t>(header.name.size()),
                          header.value ? bytes_of(*header.value) : nullptr,
                          header.value ? static_cast<ssize_t>(header.value->size()) : 0);
    add(RD_KAFKA_VTYPE_HEADERS).u.headers = headers_;
  }
  ~Arguments() {
    if (headers_) rd_kafka_headers_destroy(headers_);
  }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  /// 0, or the library's error. Headers that it took are its own from then on.
  int produce(rd_kafka_t* client) {
    const ErrorHandle error(rd_kafka_produceva(client, list_.data(), count_));
    if (error) return rd_kafka_error_code(error.get());
    headers_ = nullptr;
    return 0;
  }

 private:
  rd_kafka_vu_t& add(rd_kafka_vtype_t type) { return list_[count_++] = argument(type); }
  void add_bytes(rd_kafka_vtype_t type, std::string_view bytes) {
    rd_kafka_vu_t& to = add(type);
    to.u.mem.ptr = const_cast<char*>(bytes_of(bytes));
    to.u.mem.size = bytes.size();
  }

  const std::string topic_;
  std::array<rd_kafka_vu_t, 8> list_{};
  std::size_t count_ = 0;
  rd_kafka_headers_t* headers_ = nullptr;
};

}  // namespace

Producer::Producer(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}

Producer::~Producer() {
  // destroy() waits for what is queued otherwise.
  rd_kafka_purge(handles_->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

Result<std::unique_ptr<Producer>> Producer::create(const Properties& properties,
                                                   std::string component, Partitioner partitioner) {
  auto conf = make_conf(properties);
  if (!conf) return fail(std::move(conf).error());
  auto handles = std::make_unique<Handles>(std::move(component), describe_cluster(properties));
  rd_kafka_conf_set_opaque(conf->get(), &handles->journal);
  rd_kafka_conf_set_log_cb(conf->get(), on_log);
  rd_kafka_conf_set_events(conf->get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  if (partitioner == Partitioner::round_robin) {
    rd_kafka_topic_conf_t* topic = rd_kafka_conf_get_default_topic_conf(conf->get());
    if (!topic)
      rd_kafka_conf_set_default_topic_conf(conf->get(), topic = rd_kafka_topic_conf_new());
    rd_kafka_topic_conf_set_partitioner_cb(topic, next_partition);
  }
  const auto client = make_client(RD_KAFKA_PRODUCER, std::move(*conf));
  if (!client) return client.error();
  handles->client = *client;
  handles->queue.reset(rd_kafka_queue_get_main(*client));
  return std::unique_ptr<Producer>(new Producer(std::move(handles)));
}

Taken Producer::produce(const ProducerRecord& record, int& code) {
  code = Arguments(record).produce(handles_->client);
  if (code == 0) return Taken::yes;
  return code == RD_KAFKA_RESP_ERR__QUEUE_FULL ? Taken::full : Taken::failed;
}

void Producer::poll(std::chrono::milliseconds timeout, std::vector<DeliveryReport>& reports) {
  const EventHandle event(
      rd_kafka_queue_poll(handles_->queue.get(), static_cast<int>(timeout.count())));
  if (!event) return;
  if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) {
    handles_->journal.trouble(rd_kafka_event_error(event.get()),
                              rd_kafka_event_error_string(event.get()));
    return;
  }
  while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get())) {
    const int code = code_of(*message);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) handles_->journal.recovered();
    reports.push_back({message->_private, code, message->partition, message->offset});
  }
}

void Producer::wake() { rd_kafka_queue_yield(handles_->queue.get()); }

std::optional<std::string> Producer::fatal_error() const {
  std::array<char, 512> text{};
  const auto code = rd_kafka_fatal_error(handles_->client, text.data(), text.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  return fmt::format("{}: {}", rd_kafka_err2name(code), text.data());
}

void Producer::purge() {
  rd_kafka_purge(handles_->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

}  // namespace millrace::kafka
