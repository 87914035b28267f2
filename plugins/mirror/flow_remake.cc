#include <fmt/format.h>

#include "pipeline/observe/log.h"
#include "plugins/mirror/flow.h"

/// A copy whose topic is another one than it was is deleted and made again.
///
/// That it is about to be is recorded first. Then its partitions are given up, it is deleted and
/// made, and its partitions begin anew, whatever positions there are; when new ones are stored for
/// all of them the record is closed. Whatever ends the process in between, the next start finds the
/// record and deletes the copy once more: it has records of the new topic at most.
///
/// Kafka deletes for anybody who may: an instance that was taken over looks who owns the flow right
/// before it deletes, but nothing fences that request itself.
namespace millrace::mirror {
namespace {

constexpr std::chrono::milliseconds kLook{200};
constexpr std::chrono::seconds kPatience{10};

}  // namespace

/// With other names a copy may have records of others, even one that the mirror has made.
bool Flow::may_remake() const {
  return settings_.options.on_recreated != OnRecreated::stop &&
         settings_.options.names == Naming::rename;
}

/// Whether a copy that is not on the target was there before.
Result<bool> Flow::is_lost(const std::string& topic, const StopSignal& stop) {
  if (topics_[topic].partitions > 0) return true;
  if (is_new_) return false;
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
  return carried_->contains(topic);
}

/// To go on from the positions would leave out all that was on it.
Result<void> Flow::replace_lost(const std::string& topic, const std::string& target) {
  if (!made_topics_)
    return fail(
        Errc::invalid,
        fmt::format("`{}` is not on the target, but the flow has positions of its topic: it was "
                    "deleted, or had another name. To go on would leave out what was copied "
                    "before; `on_recreated: restart_from_beginning` with `names: rename` copies "
                    "all of it again, and so does a flow of another name",
                    target));
  // A broker that has just begun may not know all topics yet.
  if (missing_.insert(target).second || target_->topic_settings(target))
    return fail(Errc::io, fmt::format("`{}` is not among the target's topics", target));
  topics_[topic].target = target;
  return begin_remake(topic);
}

void Flow::watch_remakes(const StopSignal& stop) {
  for (const Standing& one : standings()) {
    const std::string& topic = one.source.topic;
    if (!one.recreated || remakes_.contains(topic)) continue;
    auto begun = check_is_ours(topics_[topic].target);
    if (begun) begun = begin_remake(topic);
    if (!begun)
      notices_.begin("remake " + topic, "topic `{}` is STOPPED: {}", topic, begun.error().message);
  }
  for (auto at = remakes_.begin(); at != remakes_.end() && !stop.requested();) {
    const auto& [topic, stage] = *at;
    const auto done = go_on_with(topic, at->second, stop);
    if (!done)
      notices_.begin("remake " + topic, "topic `{}` waits for its copy to be made again: {}", topic,
                     done.error().message);
    else
      notices_.end("remake " + topic, fmt::format("topic `{}` goes on", topic));
    at = done && *done ? remakes_.erase(at) : std::next(at);
  }
}

Result<void> Flow::check_is_ours(const std::string& target) const {
  if (made_topics_->find(target)) return {};
  return fail(Errc::invalid,
              fmt::format("`{}` on the target is not deleted, for nothing says that the mirror "
                          "made it; delete it by hand if nobody else needs it, and start the "
                          "mirror anew",
                          target));
}

Result<void> Flow::begin_remake(const std::string& topic) {
  const std::string& target = topics_[topic].target;
  MadeTopic record{.remaking = true};
  const auto there = target_->topic_settings(target);
  if (!there && there.error().code != Errc::not_found) return there.error();
  if (there) {
    for (const kafka::TopicSetting& one : *there)
      if (one.of_topic && one.value && !one.read_only)
        record.settings.emplace_back(one.name, *one.value);
  } else {
    auto settings = settings_for(topic);
    if (!settings) return settings.error();
    record.settings = std::move(*settings);
  }
  if (auto stored = made_topics_->remember(target, std::move(record)); !stored) return stored;
  log::warn(component_, "topic `{}`: `{}` on the target is deleted and made again", topic, target);
  for (const auto& shard : shards_) shard->retire(topic);
  remakes_[topic] = Remake::giving_up;
  return {};
}

/// True where it is over. Errors: it is tried again.
Result<bool> Flow::go_on_with(const std::string& topic, Remake& stage, const StopSignal& stop) {
  if (stage == Remake::giving_up) {
    for (const auto& shard : shards_)
      if (!shard->is_retired(topic)) return false;
    stage = Remake::making;
  }
  if (stage == Remake::making) {
    if (auto made = remake(topic, stop); !made) return made.error();
    stage = Remake::beginning;
  }
  if (!has_begun(topic)) return false;
  const auto closed = made_topics_->remember(topics_[topic].target, {});
  if (!closed) return closed.error();
  return true;
}

/// Whether the positions of all partitions are stored.
bool Flow::has_begun(const std::string& topic) const {
  std::int32_t stored = 0;
  for (const Standing& one : standings()) stored += one.source.topic == topic && one.stored >= 0;
  return stored == topics_.at(topic).partitions;
}

Result<void> Flow::remake(const std::string& topic, const StopSignal& stop) {
  const std::string target = topics_[topic].target;
  const auto positions = read_positions(settings_.target_reader, component_,
                                        settings_.positions_topic(), 0, kPatience, stop);
  if (!positions) return positions.error();
  if (positions->owner != instance_)
    return fail(Errc::io, "another instance has the flow, or none yet");
  const auto source = source_->layout();
  if (!source) return source.error();
  const std::int32_t partitions = source->partitions_of(topic);
  if (partitions == 0) return fail(Errc::not_found, "it is not on the source");
  if (auto deleted = delete_copy(target, stop); !deleted) return deleted;
  const auto made = target_->create_topic(
      {.name = target,
       .partitions = partitions,
       .replication = static_cast<std::int32_t>(settings_.options.replication_factor),
       .settings = made_topics_->find(target)->settings});
  if (!made) return made.error();
  if (*made == kafka::Created::was_there)
    return fail(Errc::io,
                fmt::format("somebody else made `{}` in the moment in which it was gone", target));
  if (auto there = await_target(target, partitions, stop); !there) return there;
  const auto most_bytes = check_target(topic, target);
  if (!most_bytes) return most_bytes.error();
  log::info(component_, "`{}` on the target is made again, with {} partitions", target, partitions);
  topics_[topic].partitions = partitions;
  for (std::int32_t p = 0; p < partitions; ++p) {
    const kafka::TopicPartition place{topic, p};
    shard_of(place).add({{.source = place,
                          .target_topic = target,
                          .start = Start::earliest,
                          .most_bytes = *most_bytes,
                          .anew = true}});
  }
  return {};
}

/// Until no broker that is asked knows it any more.
Result<void> Flow::delete_copy(const std::string& target, const StopSignal& stop) {
  if (auto deleted = target_->delete_topic(target);
      !deleted && deleted.error().code != Errc::not_found)
    return deleted;
  const auto until = Clock::now() + kPatience;
  for (;;) {
    const auto count = target_->partition_count(target);
    if (!count && count.error().code == Errc::not_found) return {};
    if (!count) return count.error();
    if (Clock::now() > until)
      return fail(Errc::timeout, fmt::format("`{}` on the target does not vanish", target));
    if (!stop.wait(kLook)) return fail(Errc::closed, "stopped");
  }
}

}  // namespace millrace::mirror
