#include <fmt/format.h>

#include <algorithm>

#include "pipeline/observe/log.h"
#include "plugins/mirror/flow.h"

namespace millrace::mirror {
namespace {

constexpr std::chrono::milliseconds kLook{200};
constexpr std::chrono::seconds kPatience{10};

}  // namespace

Result<void> Flow::refresh(const StopSignal& stop) {
  const auto source = source_->layout();
  if (!source) return source.error();
  const auto there = target_->layout();
  if (!there) return there.error();
  std::vector<std::string> names;
  for (const kafka::TopicLayout& topic : source->topics) names.push_back(topic.name);
  const auto selection = rules_.select(names, settings_.source_alias, settings_.target_alias);
  for (const auto& [topic, why] : selection.blocked)
    notices_.begin("blocked " + topic, "topic `{}` is not mirrored: {}", topic, why);
  for (const auto& [topic, target] : selection.targets) {
    auto carried = carry(topic, target, *source, *there, stop);
    const std::string key = "topic " + topic;
    if (carried)
      notices_.end(key, fmt::format("topic `{}` goes on", topic));
    else
      notices_.begin(key, "topic `{}` waits: {}", topic, carried.error().message);
  }
  watch_gone(*source);
  if (refreshed_) watch_witnesses(stop);
  refreshed_ = true;
  return {};
}

/// Sees to it that the target has the topic, then gives its new partitions to the shards.
Result<void> Flow::carry(const std::string& topic, const std::string& target,
                         const kafka::ClusterLayout& source, const kafka::ClusterLayout& there,
                         const StopSignal& stop) {
  const std::int32_t partitions = source.partitions_of(topic);
  Topic& known = topics_[topic];
  if (partitions <= known.partitions) return {};
  if (there.partitions_of(target) == 0) {
    if (auto missing = check_is_missing(topic, target, stop); !missing) return missing;
  }
  const auto most_bytes = make_target(topic, target, partitions, there.partitions_of(target), stop);
  if (!most_bytes) return most_bytes.error();
  // Whatever appears after the first start is read from its first record.
  const Start start =
      is_new_ && !refreshed_ && known.partitions == 0 ? settings_.options.start : Start::earliest;
  std::map<Shard*, std::vector<Order>> orders;
  for (std::int32_t p = known.partitions; p < partitions; ++p) {
    const kafka::TopicPartition place{topic, p};
    orders[&shard_of(place)].push_back({place, target, start, *most_bytes});
  }
  for (auto& [shard, list] : orders) shard->add(std::move(list));
  log::info(component_, "topic `{}`: partitions {} to {} go to `{}`", topic, known.partitions,
            partitions - 1, target);
  known = {target, partitions};
  return {};
}

/// Of a copy that is not on the target: whether it never was. To make it and go on from the
/// positions would leave out all that was on it.
Result<void> Flow::check_is_missing(const std::string& topic, const std::string& target,
                                    const StopSignal& stop) {
  bool was_there = topics_[topic].partitions > 0;
  if (!was_there && !is_new_) {
    if (!carried_) {
      std::set<std::string> carried;
      for (std::int32_t shard = 0; shard < settings_.options.shards; ++shard) {
        const auto positions = read_positions(settings_.target_reader, component_,
                                              settings_.positions_topic(), shard, kPatience, stop);
        if (!positions) return positions.error();
        for (const auto& [place, position] : positions->all) carried.insert(place.topic);
      }
      carried_ = std::move(carried);
    }
    was_there = carried_->contains(topic);
  }
  if (!was_there) return {};
  return fail(
      Errc::invalid,
      fmt::format("`{}` is not on the target, but the flow has positions of its topic: it was "
                  "deleted, or had another name. To go on would leave out what was copied before; "
                  "a flow of another name copies all of it",
                  target));
}

/// `there`: partitions that it has on the target; 0: it is not there. Bytes of a record there.
Result<std::size_t> Flow::make_target(const std::string& topic, const std::string& target,
                                      std::int32_t partitions, std::int32_t there,
                                      const StopSignal& stop) {
  if (there > partitions)
    notices_.begin("larger " + target,
                   "`{}` on the target has {} partitions, the source has {}: the others stay empty",
                   target, there, partitions);
  if (there == 0) {
    auto settings = settings_for(topic);
    if (!settings) return fail(std::move(settings).error());
    auto made = target_->create_topic(
        {.name = target,
         .partitions = partitions,
         .replication = static_cast<std::int32_t>(settings_.options.replication_factor),
         .settings = std::move(*settings)});
    if (!made) return fail(std::move(made).error());
  } else if (there < partitions) {
    if (auto grown = target_->grow_topic(target, partitions); !grown) return grown.error();
  }
  // No record before the brokers know the partition: to them it would be unknown.
  const auto until = Clock::now() + kPatience;
  for (;;) {
    const auto count = target_->partition_count(target);
    if (count && *count >= partitions) break;
    if (stop.requested()) return fail(Errc::closed, "stopped");
    if (Clock::now() > until)
      return fail(Errc::timeout, fmt::format("`{}` on the target does not appear", target));
    stop.wait(kLook);
  }
  return check_target(topic, target);
}

/// What a copy of `topic` is made with.
Result<kafka::TopicSettings> Flow::settings_for(const std::string& topic) {
  kafka::TopicSettings out;
  if (settings_.options.topic_settings != CopySettings::off) {
    const auto here = source_->topic_settings(topic);
    if (!here) return here.error();
    out = settings_to_copy(*here, settings_);
  }
  out.emplace_back("message.timestamp.type", "CreateTime");
  return out;
}

Result<std::size_t> Flow::check_target(const std::string& topic, const std::string& target) {
  const auto setting = [](const Result<std::vector<kafka::TopicSetting>>& all,
                          std::string_view name) -> std::string {
    for (const kafka::TopicSetting& one : *all)
      if (one.name == name) return one.value.value_or("");
    return "";
  };
  const auto there = target_->topic_settings(target);
  if (!there) return there.error();
  if (setting(there, "message.timestamp.type") == "LogAppendTime")
    return fail(Errc::invalid,
                fmt::format("`{}` on the target has message.timestamp.type=LogAppendTime: records "
                            "would lose their times; set it to CreateTime",
                            target));
  const auto here = source_->topic_settings(topic);
  if (!here) return here.error();
  const long most_here =
      std::atol(setting(here, "max.message.bytes").c_str()) + settings_.header_bytes();
  const long most_there = std::atol(setting(there, "max.message.bytes").c_str());
  if (most_there < most_here)
    notices_.begin("size " + target,
                   "`{}` on the target takes records up to {} bytes (max.message.bytes), those of "
                   "the source may need {}: a partition with a larger one will stop there",
                   target, most_there, most_here);
  return static_cast<std::size_t>(std::max<long>(most_there, 1));
}

/// Topics that are gone, or have fewer partitions: their shards look, and wait.
void Flow::watch_gone(const kafka::ClusterLayout& source) {
  for (const auto& [topic, known] : topics_) {
    const std::int32_t now = source.partitions_of(topic);
    const std::string key = "gone " + topic;
    if (now >= known.partitions) {
      notices_.end(key, fmt::format("topic `{}` is on the source again", topic));
      continue;
    }
    notices_.begin(key, "topic `{}` had {} partitions on the source and has {}: it was deleted{}",
                   topic, known.partitions, now, now ? " and made again" : "");
    for (std::int32_t p = 0; p < known.partitions; ++p) shard_of({topic, p}).distrust({topic, p});
  }
}

/// A topic that was deleted and made again in no time betrays itself by other records.
void Flow::watch_witnesses(const StopSignal& stop) {
  std::vector<Question> questions;
  for (const Standing& one : standings())
    if (one.witness && one.stopped.empty()) questions.push_back({one.source, *one.witness});
  const auto other = contradicted(settings_.source, component_, questions, kPatience, stop);
  if (!other) return;  // the next time
  for (std::size_t i = 0; i < questions.size(); ++i)
    if ((*other)[i]) shard_of(questions[i].partition).distrust(questions[i].partition);
}

}  // namespace millrace::mirror
