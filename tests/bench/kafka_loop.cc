// The least that carries records from one topic to another: librdkafka's consumer and producer, and
// nothing between them. What millrace does is measured beside it.
//
// usage: kafka_loop BOOTSTRAP FROM TO RECORDS
#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

rd_kafka_t* make_client(rd_kafka_type_t type,
                        const std::vector<std::pair<const char*, std::string>>& settings) {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  char why[256];
  for (const auto& [name, value] : settings)
    if (rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) {
      std::fprintf(stderr, "kafka_loop: %s\n", why);
      std::exit(1);
    }
  if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
  rd_kafka_t* const client = rd_kafka_new(type, conf, why, sizeof why);
  if (client) return client;
  std::fprintf(stderr, "kafka_loop: %s\n", why);
  std::exit(1);
}

/// Frees what was delivered; how many.
long take_reports(rd_kafka_queue_t* reports, int timeout_ms) {
  rd_kafka_event_t* const event = rd_kafka_queue_poll(reports, timeout_ms);
  if (!event) return 0;
  long taken = 0;
  while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
    if (message->err) std::exit(2);
    rd_kafka_message_destroy(static_cast<rd_kafka_message_t*>(message->_private));
    ++taken;
  }
  rd_kafka_event_destroy(event);
  return taken;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::fputs("usage: kafka_loop BOOTSTRAP FROM TO RECORDS\n", stderr);
    return 1;
  }
  const std::string bootstrap = arguments[1];
  const long wanted = std::atol(arguments[4]);
  rd_kafka_t* const consumer =
      make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", bootstrap},
                                      {"group.id", "kafka_loop"},
                                      {"auto.offset.reset", "earliest"},
                                      {"enable.auto.commit", "false"},
                                      {"check.crcs", "true"},
                                      {"queued.max.messages.kbytes", "65536"}});
  rd_kafka_t* const producer =
      make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap},
                                      {"linger.ms", "5"},
                                      {"enable.idempotence", "true"},
                                      {"compression.type", "lz4"},
                                      {"queue.buffering.max.messages", "1000000"}});
  rd_kafka_topic_t* const target = rd_kafka_topic_new(producer, arguments[3], nullptr);
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_partition_list_t* const topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, arguments[2], RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(consumer, topics);

  rd_kafka_queue_t* const records = rd_kafka_queue_get_consumer(consumer);
  rd_kafka_queue_t* const reports = rd_kafka_queue_get_main(producer);
  std::vector<rd_kafka_message_t*> batch(1000);
  long sent = 0, delivered = 0;
  while (delivered < wanted) {
    const ssize_t got =
        rd_kafka_consume_batch_queue(records, sent < wanted ? 100 : 0, batch.data(), batch.size());
    for (ssize_t i = 0; i < got; ++i) {
      rd_kafka_message_t* const record = batch[static_cast<std::size_t>(i)];
      if (record->err) {
        rd_kafka_message_destroy(record);
        continue;
      }
      while (rd_kafka_produce(target, RD_KAFKA_PARTITION_UA, 0, record->payload, record->len,
                              record->key, record->key_len, record) != 0)
        delivered += take_reports(reports, 10);
      ++sent;
    }
    while (const long taken = take_reports(reports, sent < wanted ? 0 : 100)) delivered += taken;
  }
  return 0;
}
