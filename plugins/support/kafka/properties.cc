#include "plugins/support/kafka/properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "plugins/support/kafka/handles.h"

namespace millrace::kafka {
namespace {

/// nullopt: taken.
std::optional<std::string> refusal(rd_kafka_conf_t* conf, const Properties::Entry& entry) {
  std::array<char, 512> text{};
  const auto result =
      rd_kafka_conf_set(conf, entry.name.c_str(), entry.value.c_str(), text.data(), text.size());
  if (result == RD_KAFKA_CONF_OK) return std::nullopt;
  if (result == RD_KAFKA_CONF_UNKNOWN)
    return fmt::format("librdkafka {} has no property `{}`", library_version(), entry.name);
  if (entry.secret) return fmt::format("librdkafka refuses the value of `{}`", entry.name);
  return fmt::format("librdkafka refuses `{}`: {}", entry.name, text.data());
}

}  // namespace

void Properties::set(std::string_view name, std::string value, std::string_view option,
                     bool secret) {
  const auto same = [&](const Entry& entry) { return entry.name == name; };
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(), same), entries_.end());
  entries_.push_back({std::string(name), std::move(value), std::string(option), secret});
}

const Properties::Entry* Properties::find(std::string_view name) const {
  for (const Entry& entry : entries_)
    if (entry.name == name) return &entry;
  return nullptr;
}

Properties Properties::without(std::initializer_list<std::string_view> names) const {
  Properties rest;
  for (const Entry& entry : entries_)
    if (std::find(names.begin(), names.end(), entry.name) == names.end())
      rest.entries_.push_back(entry);
  return rest;
}

std::vector<Properties::Refusal> Properties::check() const {
  const ConfHandle conf(rd_kafka_conf_new());
  std::vector<Refusal> refused;
  for (const Entry& entry : entries_)
    if (auto why = refusal(conf.get(), entry)) refused.push_back({&entry, std::move(*why)});
  return refused;
}

std::string_view library_version() { return rd_kafka_version_str(); }

bool library_is_at_least(int major, int minor, int patch) {
  // 0xMMmmrrpp, as rdkafka.h has it.
  return rd_kafka_version() >= ((major << 24) | (minor << 16) | (patch << 8));
}

Result<ConfHandle> make_conf(const Properties& properties) {
  ConfHandle conf(rd_kafka_conf_new());
  for (const Properties::Entry& entry : properties.entries())
    if (auto why = refusal(conf.get(), entry))
      return fail(Errc::invalid, entry.option + ": " + *why);
  return conf;
}

Result<rd_kafka_t*> make_client(rd_kafka_type_t type, ConfHandle conf) {
  std::array<char, 512> text{};
  errno = 0;
  rd_kafka_t* const client = rd_kafka_new(type, conf.get(), text.data(), text.size());
  if (!client)
    return fail(errno == EAGAIN ? Errc::io : Errc::invalid,
                fmt::format("librdkafka makes no client: {}", text.data()));
  (void)conf.release();  // the client's from now on
  return client;
}

Result<ConsumerHandles> make_consumer(ConfHandle conf) {
  auto client = make_client(RD_KAFKA_CONSUMER, std::move(conf));
  if (!client) return fail(std::move(client).error());
  rd_kafka_poll_set_consumer(*client);
  return ConsumerHandles{*client, QueueHandle(rd_kafka_queue_get_consumer(*client))};
}

}  // namespace millrace::kafka
