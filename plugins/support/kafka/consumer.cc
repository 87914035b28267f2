#include "plugins/support/kafka/consumer.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/support/kafka/connection_options.h"
#include "plugins/support/kafka/ending.h"
#include "plugins/support/kafka/handles.h"
#include "plugins/support/kafka/journal.h"
#include "plugins/support/kafka/refill.h"

namespace millrace::kafka {

struct Consumer::Handles {
  Handles(rd_kafka_conf_t* conf, const Properties& properties, std::string component,
          Rebalances& listener)
      : journal(std::move(component), describe_cluster(properties)),
        refill(conf, properties),
        rebalances(listener) {}
  ~Handles() {
    queue.reset();
    if (client) rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }

  Journal journal;
  Refill refill;
  Rebalances& rebalances;
  rd_kafka_t* client = nullptr;
  QueueHandle queue;
  std::vector<rd_kafka_message_t*> fetched;
  bool commit_failed = false;  // callbacks come from within poll()
};

namespace {

Consumer::Handles& handles_of(const rd_kafka_t* client) {
  return *static_cast<Consumer::Handles*>(rd_kafka_opaque(client));
}

void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  handles_of(client).journal.line(level, facility, text);
}

void on_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
  static_cast<Consumer::Handles*>(opaque)->journal.trouble(code, reason);
}

void on_commit(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t*,
               void* opaque) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  auto& handles = *static_cast<Consumer::Handles*>(opaque);
  handles.commit_failed = true;
  handles.journal.line(4, "COMMIT",
                       "offsets were not committed and are tried again: " + describe_error(code));
}

std::vector<TopicPartition> partitions_of(const rd_kafka_topic_partition_list_t& list) {
  std::vector<TopicPartition> out;
  for (int i = 0; i < list.cnt; ++i) out.push_back({list.elems[i].topic, list.elems[i].partition});
  return out;
}

void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t code,
                  rd_kafka_topic_partition_list_t* list, void* opaque) {
  auto& handles = *static_cast<Consumer::Handles*>(opaque);
  const bool gains = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  const bool in_parts = rd_kafka_rebalance_protocol(client) == std::string_view("COOPERATIVE");
  const std::vector<TopicPartition> partitions = partitions_of(*list);
  if (gains)
    handles.rebalances.assigned(partitions);
  else
    handles.rebalances.revoked(partitions, rd_kafka_assignment_lost(client) != 0);
  if (in_parts) {
    const ErrorHandle error(gains ? rd_kafka_incremental_assign(client, list)
                                  : rd_kafka_incremental_unassign(client, list));
    if (error) handles.journal.line(3, "ASSIGN", rd_kafka_error_string(error.get()));
  } else {
    const auto result = rd_kafka_assign(client, gains ? list : nullptr);
    if (result != RD_KAFKA_RESP_ERR_NO_ERROR)
      handles.journal.line(3, "ASSIGN", describe_error(result));
  }
  // A partition that was taken away while it was paused is still paused when it comes back.
  if (gains) rd_kafka_resume_partitions(client, list);
}

ListHandle assignment_of(rd_kafka_t* client) {
  rd_kafka_topic_partition_list_t* list = nullptr;
  if (rd_kafka_assignment(client, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return nullptr;
  return ListHandle(list);
}

}  // namespace

ListHandle list_of(std::span<const NextOffset> offsets) {
  ListHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const NextOffset& next : offsets)
    rd_kafka_topic_partition_list_add(list.get(), next.partition.topic.c_str(),
                                      next.partition.partition)
        ->offset = next.offset;
  return list;
}

void Message::Destroy::operator()(rd_kafka_message_s* message) const {
  rd_kafka_message_destroy(message);
}

std::string_view Message::topic() const { return rd_kafka_topic_name(message_->rkt); }
std::int32_t Message::partition() const { return message_->partition; }
std::int64_t Message::offset() const { return message_->offset; }

std::optional<std::string_view> Message::key() const {
  if (!message_->key) return std::nullopt;
  return std::string_view(static_cast<const char*>(message_->key), message_->key_len);
}

std::optional<std::string_view> Message::value() const {
  if (!message_->payload) return std::nullopt;
  return std::string_view(static_cast<const char*>(message_->payload), message_->len);
}

std::optional<std::int64_t> Message::timestamp_ms() const {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t time = rd_kafka_message_timestamp(message_.get(), &type);
  if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || time < 0) return std::nullopt;
  return time;
}

void Message::headers(std::vector<Header>& out) const {
  rd_kafka_headers_t* list = nullptr;
  if (rd_kafka_message_headers(message_.get(), &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(list, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    Header header{name, std::nullopt};
    if (value) header.value = std::string_view(static_cast<const char*>(value), size);
    out.push_back(header);
  }
}

Consumer::Consumer(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Consumer::~Consumer() { end_aside(std::move(handles_)); }

Result<std::unique_ptr<Consumer>> Consumer::create(const Properties& properties,
                                                   std::string component, Rebalances& rebalances) {
  auto conf = make_conf(properties);
  if (!conf) return fail(std::move(conf).error());
  auto handles =
      std::make_unique<Handles>(conf->get(), properties, std::move(component), rebalances);
  rd_kafka_conf_set_opaque(conf->get(), handles.get());
  rd_kafka_conf_set_log_cb(conf->get(), on_log);
  rd_kafka_conf_set_error_cb(conf->get(), on_error);
  rd_kafka_conf_set_rebalance_cb(conf->get(), on_rebalance);
  rd_kafka_conf_set_offset_commit_cb(conf->get(), on_commit);
  auto consumer = make_consumer(std::move(*conf));
  if (!consumer) return fail(std::move(consumer).error());
  handles->client = consumer->client;
  handles->queue = std::move(consumer->queue);
  return std::unique_ptr<Consumer>(new Consumer(std::move(handles)));
}

Result<void> Consumer::subscribe(std::span<const std::string> topics) {
  const ListHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const std::string& topic : topics)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  const auto result = rd_kafka_subscribe(handles_->client, list.get());
  if (result == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail(Errc::invalid, describe_error(result));
}

Result<void> Consumer::assign(std::span<const TopicPartition> partitions) {
  std::vector<NextOffset> starts;
  for (const TopicPartition& place : partitions) starts.push_back({place, RD_KAFKA_OFFSET_STORED});
  const auto result = rd_kafka_assign(handles_->client, list_of(starts).get());
  if (result == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail(Errc::invalid, describe_error(result));
}

void Consumer::poll(std::size_t most, std::chrono::milliseconds timeout, std::vector<Message>& out,
                    std::vector<NextOffset>& ends) {
  auto& fetched = handles_->fetched;
  fetched.resize(most);
  handles_->refill.before_poll(handles_->client);
  const auto got = rd_kafka_consume_batch_queue(
      handles_->queue.get(), static_cast<int>(timeout.count()), fetched.data(), most);
  for (ssize_t i = 0; i < got; ++i) {
    Message message(fetched[static_cast<std::size_t>(i)]);
    const rd_kafka_message_t& raw = *message.message_;
    if (raw.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      out.push_back(std::move(message));
    } else if (raw.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ends.push_back({{std::string(message.topic()), raw.partition}, raw.offset});
    } else {
      handles_->journal.trouble(raw.err, rd_kafka_message_errstr(&raw));
    }
  }
  if (out.empty()) return;
  handles_->refill.has_read();
  handles_->journal.recovered();
}

void Consumer::pause() {
  if (const auto list = assignment_of(handles_->client))
    rd_kafka_pause_partitions(handles_->client, list.get());
}

void Consumer::resume() {
  if (const auto list = assignment_of(handles_->client))
    rd_kafka_resume_partitions(handles_->client, list.get());
}

Result<void> Consumer::commit(std::span<const NextOffset> offsets, bool wait) {
  if (offsets.empty()) return {};
  const auto result = rd_kafka_commit(handles_->client, list_of(offsets).get(), wait ? 0 : 1);
  if (result == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail(Errc::io, describe_error(result));
}

bool Consumer::take_commit_failure() { return std::exchange(handles_->commit_failed, false); }

std::optional<std::int64_t> Consumer::end_of(const TopicPartition& partition) const {
  std::int64_t low = 0, high = RD_KAFKA_OFFSET_INVALID;
  const auto result = rd_kafka_get_watermark_offsets(handles_->client, partition.topic.c_str(),
                                                     partition.partition, &low, &high);
  if (result != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
  return high;
}

void Consumer::close() {
  handles_->queue.reset();
  rd_kafka_consumer_close(handles_->client);
}

}  // namespace millrace::kafka
