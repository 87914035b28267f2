#include "plugins/support/kafka/admin.h"

#include <algorithm>
#include <array>

#include "plugins/support/kafka/admin_call.h"
#include "plugins/support/kafka/connection_options.h"

namespace millrace::kafka {
namespace {

void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  static_cast<Journal*>(rd_kafka_opaque(client))->line(level, facility, text);
}

Errc kind_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return Errc::timeout;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND:
      return Errc::not_found;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_REQUEST:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP:
      return Errc::invalid;
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_SECURITY_DISABLED:
      return Errc::unsupported;
    default:
      return Errc::io;
  }
}

bool is_silence(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
         code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
}

struct DestroyNewTopic {
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
};
struct DestroyNewPartitions {
  void operator()(rd_kafka_NewPartitions_t* more) const { rd_kafka_NewPartitions_destroy(more); }
};
struct DestroyResource {
  void operator()(rd_kafka_ConfigResource_t* what) const { rd_kafka_ConfigResource_destroy(what); }
};
struct DestroyMetadata {
  void operator()(const rd_kafka_metadata_t* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
};
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, DestroyMetadata>;

/// The library's answer for the one topic that was asked about.
rd_kafka_resp_err_t verdict(const rd_kafka_topic_result_t* const* topics, std::size_t count,
                            const char*& text) {
  if (count != 1) return RD_KAFKA_RESP_ERR__BAD_MSG;
  text = rd_kafka_topic_result_error_string(topics[0]);
  return rd_kafka_topic_result_error(topics[0]);
}

}  // namespace

std::int32_t ClusterLayout::partitions_of(std::string_view topic) const {
  const auto at = std::lower_bound(
      topics.begin(), topics.end(), topic,
      [](const TopicLayout& one, std::string_view name) { return one.name < name; });
  return at == topics.end() || at->name != topic ? 0 : at->partitions;
}

Error Admin::Handles::error(rd_kafka_resp_err_t code, const char* text) {
  std::string message = cluster + ": " + rd_kafka_err2name(code) + ": ";
  message += text && *text ? text : rd_kafka_err2str(code);
  if (is_silence(code)) {
    while (const EventHandle event{
        rd_kafka_queue_poll(QueueHandle(rd_kafka_queue_get_main(client)).get(), 0)}) {
      if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR) continue;
      const auto trouble = rd_kafka_event_error(event.get());
      const std::lock_guard lock(mutex);
      // That all brokers are down follows what is wrong with them.
      if (trouble == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && last_trouble != 0) continue;
      last_trouble = trouble;
      last_trouble_text = rd_kafka_event_error_string(event.get());
    }
    const std::lock_guard lock(mutex);
    if (last_trouble != 0) {
      const std::string_view what_to_do = advice(last_trouble);
      message +=
          fmt::format(": {}{}{}", last_trouble_text, what_to_do.empty() ? "" : "; ", what_to_do);
      if (kind_of(static_cast<rd_kafka_resp_err_t>(last_trouble)) == Errc::invalid)
        code = static_cast<rd_kafka_resp_err_t>(std::exchange(last_trouble, 0));
    }
  } else if (const std::string_view what_to_do = advice(code); !what_to_do.empty()) {
    message += fmt::format("; {}", what_to_do);
  }
  return fail(kind_of(code), std::move(message));
}

Admin::Admin(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Admin::~Admin() = default;

Result<std::unique_ptr<Admin>> Admin::create(const Properties& properties, std::string component,
                                             std::chrono::milliseconds patience) {
  auto conf = make_conf(properties);
  if (!conf) return fail(std::move(conf).error());
  auto handles =
      std::make_unique<Handles>(std::move(component), describe_cluster(properties), patience);
  rd_kafka_conf_set_opaque(conf->get(), &handles->journal);
  rd_kafka_conf_set_log_cb(conf->get(), on_log);
  rd_kafka_conf_set_events(conf->get(), RD_KAFKA_EVENT_ERROR);
  const auto client = make_client(RD_KAFKA_PRODUCER, std::move(*conf));
  if (!client) return client.error();
  handles->client = *client;
  return std::unique_ptr<Admin>(new Admin(std::move(handles)));
}

Result<ClusterLayout> Admin::layout() {
  const rd_kafka_metadata_t* raw = nullptr;
  const auto code = rd_kafka_metadata(handles_->client, 1, nullptr, &raw, handles_->patience_ms());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handles_->error(code, nullptr);
  const Metadata metadata(raw);
  ClusterLayout layout;
  layout.brokers = metadata->broker_cnt;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic& topic = metadata->topics[i];
    // One that is being made or deleted has none.
    if (topic.partition_cnt > 0) layout.topics.push_back({topic.topic, topic.partition_cnt});
  }
  std::sort(layout.topics.begin(), layout.topics.end(),
            [](const TopicLayout& a, const TopicLayout& b) { return a.name < b.name; });
  char* const id = rd_kafka_clusterid(handles_->client, handles_->patience_ms());
  if (!id) return handles_->error(RD_KAFKA_RESP_ERR__TIMED_OUT, "it does not tell its cluster id");
  layout.id = id;
  rd_kafka_mem_free(handles_->client, id);
  return layout;
}

Result<std::int32_t> Admin::partition_count(const std::string& topic) {
  auto layout = this->layout();
  if (!layout) return fail(std::move(layout).error());
  for (const TopicLayout& one : layout->topics)
    if (one.name == topic) return one.partitions;
  return handles_->error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, nullptr).at("topic " + topic);
}

Result<Created> Admin::create_topic(const NewTopic& topic) {
  std::array<char, 256> text{};
  const std::unique_ptr<rd_kafka_NewTopic_t, DestroyNewTopic> wanted(rd_kafka_NewTopic_new(
      topic.name.c_str(), topic.partitions, topic.replication, text.data(), text.size()));
  if (!wanted) return fail(Errc::invalid, "topic " + topic.name + ": " + text.data());
  for (const auto& [name, value] : topic.settings)
    rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str());
  auto event = handles_->ask(RD_KAFKA_ADMIN_OP_CREATETOPICS, [&](auto* options, auto* queue) {
    rd_kafka_NewTopic_t* list[] = {wanted.get()};
    rd_kafka_CreateTopics(handles_->client, list, 1, options, queue);
  });
  if (!event) return std::move(event).error().at("topic " + topic.name);
  std::size_t count = 0;
  const char* why = nullptr;
  const auto topics =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  const auto code = verdict(topics, count, why);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return Created::yes;
  if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return Created::was_there;
  return handles_->error(code, why).at("topic " + topic.name);
}

Result<void> Admin::grow_topic(const std::string& topic, std::int32_t total) {
  std::array<char, 256> text{};
  const std::unique_ptr<rd_kafka_NewPartitions_t, DestroyNewPartitions> wanted(
      rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(std::max(0, total)),
                                 text.data(), text.size()));
  if (!wanted) return fail(Errc::invalid, "topic " + topic + ": " + text.data());
  auto event = handles_->ask(RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, [&](auto* options, auto* queue) {
    rd_kafka_NewPartitions_t* list[] = {wanted.get()};
    rd_kafka_CreatePartitions(handles_->client, list, 1, options, queue);
  });
  if (!event) return std::move(event).error().at("topic " + topic);
  std::size_t count = 0;
  const char* why = nullptr;
  const auto topics = rd_kafka_CreatePartitions_result_topics(
      rd_kafka_event_CreatePartitions_result(event->get()), &count);
  const auto code = verdict(topics, count, why);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return handles_->error(code, why).at("topic " + topic);
}

Result<std::vector<TopicSetting>> Admin::topic_settings(const std::string& topic) {
  const std::unique_ptr<rd_kafka_ConfigResource_t, DestroyResource> resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  auto event = handles_->ask(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, [&](auto* options, auto* queue) {
    rd_kafka_ConfigResource_t* list[] = {resource.get()};
    rd_kafka_DescribeConfigs(handles_->client, list, 1, options, queue);
  });
  if (!event) return std::move(event).error().at("topic " + topic);
  std::size_t count = 0;
  const auto resources = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  if (count != 1) return handles_->error(RD_KAFKA_RESP_ERR__BAD_MSG, nullptr).at("topic " + topic);
  if (const auto code = rd_kafka_ConfigResource_error(resources[0]))
    return handles_->error(code, rd_kafka_ConfigResource_error_string(resources[0]))
        .at("topic " + topic);
  const auto entries = rd_kafka_ConfigResource_configs(resources[0], &count);
  std::vector<TopicSetting> settings;
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_ConfigEntry_t* entry = entries[i];
    TopicSetting& setting = settings.emplace_back();
    setting.name = rd_kafka_ConfigEntry_name(entry);
    if (const char* value = rd_kafka_ConfigEntry_value(entry)) setting.value = value;
    setting.of_topic =
        rd_kafka_ConfigEntry_source(entry) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG;
    setting.read_only = rd_kafka_ConfigEntry_is_read_only(entry) == 1;
    setting.sensitive = rd_kafka_ConfigEntry_is_sensitive(entry) == 1;
  }
  return settings;
}

Result<void> Admin::replace_topic_settings(const std::string& topic,
                                           const TopicSettings& settings) {
  const std::unique_ptr<rd_kafka_ConfigResource_t, DestroyResource> resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  for (const auto& [name, value] : settings)
    rd_kafka_ConfigResource_set_config(resource.get(), name.c_str(), value.c_str());
  auto event = handles_->ask(RD_KAFKA_ADMIN_OP_ALTERCONFIGS, [&](auto* options, auto* queue) {
    rd_kafka_ConfigResource_t* list[] = {resource.get()};
    rd_kafka_AlterConfigs(handles_->client, list, 1, options, queue);
  });
  if (!event) return std::move(event).error().at("topic " + topic);
  std::size_t count = 0;
  const auto resources = rd_kafka_AlterConfigs_result_resources(
      rd_kafka_event_AlterConfigs_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i)
    if (const auto code = rd_kafka_ConfigResource_error(resources[i]))
      return handles_->error(code, rd_kafka_ConfigResource_error_string(resources[i]))
          .at("topic " + topic);
  return {};
}

}  // namespace millrace::kafka
