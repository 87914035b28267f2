#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <span>
#include <string>

#include "pipeline/result.h"
#include "plugins/support/kafka/consumer.h"
#include "plugins/support/kafka/properties.h"

/// librdkafka's C handles with their owners. For the sources of this folder only.
namespace millrace::kafka {

struct HandleDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using ConfHandle = std::unique_ptr<rd_kafka_conf_t, HandleDeleter>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, HandleDeleter>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, HandleDeleter>;
using ListHandle = std::unique_ptr<rd_kafka_topic_partition_list_t, HandleDeleter>;
using MessageHandle = std::unique_ptr<rd_kafka_message_t, HandleDeleter>;
using ErrorHandle = std::unique_ptr<rd_kafka_error_t, HandleDeleter>;

/// `properties` for a client. Errors: Errc::invalid naming the option and the property.
Result<ConfHandle> make_conf(const Properties& properties);

/// A client of `conf`, which it takes. Errors: Errc::invalid with the library's reason; Errc::io
/// where it cannot start its threads.
Result<rd_kafka_t*> make_client(rd_kafka_type_t type, ConfHandle conf);

/// A running consumer, and the queue by which its messages and callbacks come.
struct ConsumerHandles {
  rd_kafka_t* client;
  QueueHandle queue;
};
/// One of `conf`, which it takes. Errors: those of make_client().
Result<ConsumerHandles> make_consumer(ConfHandle conf);

/// The library's form of `offsets`, in the same order.
ListHandle list_of(std::span<const NextOffset> offsets);

}  // namespace millrace::kafka
