#include "plugins/support/kafka/reader.h"

#include "plugins/support/kafka/connection_options.h"
#include "plugins/support/kafka/ending.h"
#include "plugins/support/kafka/handles.h"
#include "plugins/support/kafka/journal.h"
#include "plugins/support/kafka/refill.h"

namespace millrace::kafka {

struct Reader::Handles {
  Handles(rd_kafka_conf_t* conf, const Properties& properties, std::string component)
      : journal(std::move(component), describe_cluster(properties)), refill(conf, properties) {}
  ~Handles() {
    queue.reset();
    if (client) rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;

  Journal journal;
  Refill refill;
  rd_kafka_t* client = nullptr;
  QueueHandle queue;
  std::vector<rd_kafka_message_t*> fetched;
};

namespace {

void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  static_cast<Journal*>(rd_kafka_opaque(client))->line(level, facility, text);
}

void on_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
  static_cast<Journal*>(opaque)->trouble(code, reason);
}

/// Without one the library tells of commits through the queue of records.
void on_commit(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*) {}

}  // namespace

void Reader::Fetched::clear() {
  messages.clear();
  ends.clear();
  troubles.clear();
}

Reader::Reader(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Reader::~Reader() { end_aside(std::move(handles_)); }

Result<std::unique_ptr<Reader>> Reader::create(const Properties& properties,
                                               std::string component) {
  auto conf = make_conf(properties);
  if (!conf) return fail(std::move(conf).error());
  auto handles = std::make_unique<Handles>(conf->get(), properties, std::move(component));
  rd_kafka_conf_set_opaque(conf->get(), &handles->journal);
  rd_kafka_conf_set_log_cb(conf->get(), on_log);
  rd_kafka_conf_set_error_cb(conf->get(), on_error);
  rd_kafka_conf_set_offset_commit_cb(conf->get(), on_commit);
  auto consumer = make_consumer(std::move(*conf));
  if (!consumer) return fail(std::move(consumer).error());
  handles->client = consumer->client;
  handles->queue = std::move(consumer->queue);
  return std::unique_ptr<Reader>(new Reader(std::move(handles)));
}

Result<void> Reader::add(std::span<const NextOffset> starts) {
  if (starts.empty()) return {};
  const ErrorHandle error(rd_kafka_incremental_assign(handles_->client, list_of(starts).get()));
  if (error) return fail(Errc::invalid, rd_kafka_error_string(error.get()));
  return {};
}

void Reader::pause(std::span<const TopicPartition> partitions) {
  std::vector<NextOffset> list;
  for (const TopicPartition& partition : partitions) list.push_back({partition, 0});
  rd_kafka_pause_partitions(handles_->client, list_of(list).get());
}

void Reader::poll(std::size_t most, std::chrono::milliseconds timeout, Fetched& out) {
  auto& fetched = handles_->fetched;
  fetched.resize(most);
  handles_->refill.before_poll(handles_->client);
  const auto got = rd_kafka_consume_batch_queue(
      handles_->queue.get(), static_cast<int>(timeout.count()), fetched.data(), most);
  for (ssize_t i = 0; i < got; ++i) {
    Message message(fetched[static_cast<std::size_t>(i)]);
    const rd_kafka_message_t& raw = *message.message_;
    if (raw.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      out.messages.push_back(std::move(message));
    } else if (!raw.rkt) {
      handles_->journal.trouble(raw.err, rd_kafka_message_errstr(&raw));
    } else if (raw.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      out.ends.push_back({{std::string(message.topic()), raw.partition}, raw.offset});
    } else {
      out.troubles.push_back(
          {{std::string(message.topic()), raw.partition}, raw.err, rd_kafka_message_errstr(&raw)});
    }
  }
  if (out.messages.empty()) return;
  handles_->refill.has_read();
  handles_->journal.recovered();
}

Result<std::int64_t> Reader::end(const TopicPartition& partition,
                                 std::chrono::milliseconds timeout) {
  std::int64_t first = 0, end = 0;
  const auto code = rd_kafka_query_watermark_offsets(handles_->client, partition.topic.c_str(),
                                                     partition.partition, &first, &end,
                                                     static_cast<int>(timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(Errc::io, rd_kafka_err2str(code));
  return end;
}

void Reader::commit(std::span<const NextOffset> offsets) {
  if (!offsets.empty()) rd_kafka_commit(handles_->client, list_of(offsets).get(), 1);
}

}  // namespace millrace::kafka
