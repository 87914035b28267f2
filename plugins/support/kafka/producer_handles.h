#pragma once

#include <map>

#include "plugins/support/kafka/handles.h"
#include "plugins/support/kafka/journal.h"
#include "plugins/support/kafka/producer.h"

/// What a Producer holds. For the sources of this folder only.
namespace millrace::kafka {

struct Producer::Handles {
  Handles(std::string component, std::string cluster)
      : journal(std::move(component), std::move(cluster)) {}
  ~Handles() {
    for (const auto& [name, topic] : topics) rd_kafka_topic_destroy(topic);
    queue.reset();
    if (client) rd_kafka_destroy(client);
  }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;

  Journal journal;
  rd_kafka_t* client = nullptr;
  QueueHandle queue;
  std::map<std::string, rd_kafka_topic_t*> topics;  // those of topic()
};

}  // namespace millrace::kafka
