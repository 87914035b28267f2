#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/event/template.h"
#include "plugins/support/kafka/connection_options.h"
#include "plugins/support/kafka/producer.h"

namespace millrace::kafka::out {

/// The options as they are written.
struct RawOptions : kafka::ConnectionOptions {
  std::string topic_id;
  std::optional<std::string> message_key;
  StringPairs message_headers;
  std::string acks = "all";
  std::string compression_type = "none";
  std::string partitioner = "default";
  std::optional<std::int64_t> batch_size;
  std::int64_t buffer_memory = 33'554'432;
  std::int64_t linger_ms = 5;
  std::int64_t max_request_size = 1'048'576;
  std::optional<std::int64_t> retries;
  std::string key_serializer = "org.apache.kafka.common.serialization.StringSerializer";
  bool mirror = false;
  Hash mirror_options;
  std::string value_serializer = "org.apache.kafka.common.serialization.StringSerializer";
};

/// What of an event goes into its record.
struct RecordSettings {
  Template topic;
  std::optional<Template> key;
  std::vector<std::pair<std::string, Template>> headers;
  std::shared_ptr<const Encoder> encoder;
  std::size_t most_bytes = 0;  ///< of a record; a larger one is refused
};

/// The options checked and compiled.
struct Settings {
  std::string component;
  std::string plugin_id;
  kafka::Properties properties;
  kafka::Producer::Partitioner partitioner = kafka::Producer::Partitioner::library;
  std::size_t most_bytes_held = 0;  ///< of deliveries that are not settled
};

Options<RawOptions> option_table();

struct Compiled {
  Settings settings;
  RecordSettings record;
};

/// nullopt: what is wrong was reported at its place.
std::optional<Compiled> compile(RawOptions options, const PluginContext& context);

}  // namespace millrace::kafka::out
