#include "plugins/mirror/heartbeats.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/mirror/names.h"
#include "plugins/support/kafka/journal.h"

namespace millrace::mirror {
namespace {

constexpr std::int64_t kMostAgeMs = 60'000;
constexpr const char* kKeptMs = "86400000";

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Heartbeats::Heartbeats(const FlowSettings& settings, kafka::Admin& source)
    : settings_(settings),
      source_(source),
      notices_(settings.component() + " heartbeats"),
      key_(settings.options.flow),
      began_ms_(now_ms()) {}

void Heartbeats::tick() {
  if (!producer_) {
    auto ready = prepare();
    if (!ready) return notices_.begin("prepare", "{}; tried again", ready.error().message);
    notices_.end("prepare", "the source takes heartbeats");
  }
  reports_.clear();
  producer_->poll(std::chrono::milliseconds(0), reports_);
  for (const kafka::DeliveryReport& report : reports_) {
    under_way_ = false;
    if (report.code == 0)
      notices_.end("send", "the source takes heartbeats again");
    else
      notices_.begin("send", "`{}` on the source: {}", kHeartbeatsTopic,
                     kafka::describe_error(report.code));
  }
  if (!under_way_) send();
}

Result<void> Heartbeats::prepare() {
  auto made = source_.create_topic(
      {.name = kHeartbeatsTopic,
       .partitions = 1,
       .replication = static_cast<std::int32_t>(settings_.options.replication_factor),
       .settings = {{"cleanup.policy", "delete"}, {"retention.ms", kKeptMs}}});
  if (!made) return fail(std::move(made).error());
  auto producer = kafka::Producer::create(settings_.source_producer, settings_.component());
  if (!producer) return fail(std::move(producer).error());
  producer_ = std::move(*producer);
  return {};
}

void Heartbeats::send() {
  value_ = fmt::format("v=1 source={} target={} time={}", settings_.source_alias,
                       settings_.target_alias, now_ms());
  int code = 0;
  const auto taken = producer_->produce(
      {.topic = kHeartbeatsTopic, .partition = 0, .key = key_, .value = value_}, code);
  under_way_ = taken == kafka::Taken::yes;
  if (taken == kafka::Taken::failed)
    notices_.begin("send", "`{}` on the source: {}", kHeartbeatsTopic, kafka::describe_error(code));
}

void Heartbeats::watch(std::int64_t newest_ms) {
  newest_ms_ = std::max(newest_ms_, newest_ms);
  const std::int64_t silent = now_ms() - std::max(newest_ms_, began_ms_);
  if (silent > kMostAgeMs)
    notices_.begin("age", "no heartbeat has come from the source to the target for {} s",
                   silent / 1000);
  else
    notices_.end("age", "heartbeats arrive on the target again");
}

std::string Heartbeats::age() const {
  if (newest_ms_ < 0) return "";
  return fmt::format(", heartbeat {} s old",
                     std::max<std::int64_t>(now_ms() - newest_ms_, 0) / 1000);
}

}  // namespace millrace::mirror
