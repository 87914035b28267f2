#pragma once

#include "plugins/inputs/kafka/assign.h"
#include "plugins/support/kafka/connection_options.h"

namespace millrace::kafka::in {

/// What of a record an event carries in [@metadata][kafka].
enum class Decorate { none, basic, extended };

/// The options as they are written.
struct RawOptions : ConnectionOptions {
  std::vector<std::string> topics{"logstash"};
  std::string topics_pattern;
  std::vector<std::string> assign;
  std::string group_id = "logstash";
  std::string group_instance_id;
  std::int64_t consumer_threads = 1;
  std::string auto_offset_reset;
  bool enable_auto_commit = true;
  std::int64_t auto_commit_interval_ms = 5000;
  bool auto_create_topics = true;
  bool check_crcs = true;
  std::string client_rack;
  Decorate decorate_events = Decorate::none;
  std::string exclude_internal_topics = "true";
  std::int64_t fetch_max_bytes = 52'428'800;
  std::int64_t fetch_max_wait_ms = 500;
  std::int64_t fetch_min_bytes = 1;
  std::int64_t max_partition_fetch_bytes = 262'144;
  std::int64_t heartbeat_interval_ms = 3000;
  std::string isolation_level = "read_uncommitted";
  std::int64_t max_poll_interval_ms = 300'000;
  std::int64_t max_poll_records = 500;
  std::string partition_assignment_strategy = "range";
  std::int64_t poll_timeout_ms = 100;
  std::int64_t session_timeout_ms = 10'000;
  std::string key_deserializer_class = "org.apache.kafka.common.serialization.StringDeserializer";
  std::string value_deserializer_class = "org.apache.kafka.common.serialization.StringDeserializer";
  std::chrono::milliseconds revoke_wait{10'000};
};

/// The options checked and compiled.
struct Settings {
  std::string component;
  std::string group;
  Properties properties;
  std::vector<std::string> topics;       ///< names, or one pattern with its `^`
  std::vector<TopicPartition> assigned;  ///< in place of topics: these, and no others
  std::size_t threads = 1;
  std::size_t poll_records = 500;
  std::chrono::milliseconds poll_wait{100};
  std::chrono::milliseconds commit_interval{5000};
  std::chrono::milliseconds revoke_wait{10'000};
  Decorate decorate = Decorate::none;
  std::shared_ptr<const Codec> codec;
};

Options<RawOptions> option_table();

/// nullopt: what is wrong was reported at its place.
std::optional<Settings> compile(RawOptions options, const PluginContext& context);

}  // namespace millrace::kafka::in
