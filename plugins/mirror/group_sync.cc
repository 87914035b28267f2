#include "plugins/mirror/group_sync.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/observe/log.h"

namespace millrace::mirror {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::seconds kAskAgain{2};
constexpr std::chrono::seconds kStorePairs{1};

}  // namespace

GroupSync::GroupSync(const FlowSettings& settings, const NameList& groups, kafka::Admin& source,
                     kafka::Admin& target)
    : settings_(settings),
      groups_(groups),
      source_(source),
      target_(target),
      component_(settings.component()),
      notices_(component_),
      syncs_("millrace-mirror-syncs." + settings.options.flow + ".internal"),
      checkpoints_topic_("millrace-mirror-checkpoints." + settings.options.flow + ".internal") {}

void GroupSync::tick(std::span<const Standing> standings, const StopSignal& stop) {
  const auto now = Clock::now();
  if (!open_ && now < open_at_) return;
  if (!open_) {
    auto opened = open(stop);
    open_at_ = Clock::now() + kAskAgain;
    if (!opened) {
      if (!stop.requested())
        notices_.begin("open", "offsets of groups are not translated: {}; tried again",
                       opened.error().message);
      return;
    }
    notices_.end("open", "offsets of groups are translated");
    open_ = true;
  }
  take(standings);
  if (now >= store_at_) {
    store_at_ = now + kStorePairs;
    if (auto stored = store_pairs(); !stored)
      notices_.begin("pairs", "pairs of offsets are not stored: {}", stored.error().message);
    else
      notices_.end("pairs", "pairs of offsets are stored again");
  }
  if (now < check_at_) return;
  auto checked = check_groups();
  check_at_ = Clock::now() + settings_.options.checkpoint_interval;
  if (checked) return notices_.end("groups", "checkpoints of groups are written again");
  notices_.begin("groups", "checkpoints of groups are late: {}", checked.error().message);
  check_at_ = std::min(check_at_, Clock::now() + kAskAgain);
}

void GroupSync::finish(std::span<const Standing> standings) {
  if (!open_) {  // it ended before what was stored could be read
    const StopSignal never;
    if (auto opened = open(never); !opened)
      return log::warn(component_, "the last checkpoints of groups are not written: {}",
                       opened.error().message);
  }
  take(standings);
  auto stored = store_pairs();
  auto checked = check_groups();
  for (const auto& result : {stored, checked})
    if (!result)
      log::warn(component_, "the last checkpoints of groups are not written: {}",
                result.error().message);
}

/// Reads what an earlier run has stored.
Result<void> GroupSync::open(const StopSignal& stop) {
  const auto replication = static_cast<std::int32_t>(settings_.options.replication_factor);
  for (OwnTopic* topic : {&syncs_, &checkpoints_topic_})
    if (auto made = topic->make(target_, replication, kPatience, stop); !made) return made;
  const auto unreadable = [&](const OwnTopic& topic, std::string_view key, const Error& error) {
    log::warn(component_, "{}: key `{}` is passed over: {}", topic.name(),
              std::string(key.substr(0, 200)), error.message);
  };
  auto pairs =
      syncs_.read(settings_.target_reader, component_, kPatience, stop, [&](auto key, auto value) {
        const auto partition = PositionKey::decode(key);
        if (!partition || !value) return;
        auto translation = Translation::decode(*value);
        if (translation)
          translations_.restore(*partition, std::move(*translation));
        else
          unreadable(syncs_, key, translation.error());
      });
  if (!pairs) return pairs;
  return checkpoints_topic_.read(settings_.target_reader, component_, kPatience, stop,
                                 [&](auto key, auto value) {
                                   const auto whose = decode_checkpoint_key(key);
                                   if (!whose || !value) return;
                                   const auto checkpoint = decode_checkpoint(*value);
                                   if (checkpoint)
                                     checkpoints_.restore(*whose, *checkpoint);
                                   else
                                     unreadable(checkpoints_topic_, key, checkpoint.error());
                                 });
}

void GroupSync::take(std::span<const Standing> standings) {
  for (const Standing& standing : standings) {
    standings_.insert_or_assign(standing.source, standing);
    if (translations_.take(standing)) changed_.push_back(standing.source);
  }
}

Result<void> GroupSync::store_pairs() {
  std::sort(changed_.begin(), changed_.end());
  changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
  for (const kafka::TopicPartition& partition : changed_)
    syncs_.put(PositionKey::encode(partition), translations_.of(partition)->encode());
  auto stored = syncs_.flush(settings_.target_producer, component_, kPatience);
  if (stored) changed_.clear();
  return stored;
}

/// One group that goes wrong does not keep the others from theirs.
Result<void> GroupSync::check_groups() {
  auto groups = source_.groups();
  if (!groups) return fail(std::move(groups).error().at("source"));
  Result<void> all;
  for (const std::string& group : *groups) {
    if (!groups_.selects(group)) continue;
    if (auto checked = check_group(group); !checked) all = std::move(checked);
  }
  if (auto sent = checkpoints_topic_.flush(settings_.target_producer, component_, kPatience); !sent)
    return sent;
  return all;
}

Result<void> GroupSync::check_group(const std::string& group) {
  auto offsets = source_.group_offsets(group);
  if (!offsets) return fail(std::move(offsets).error().at("source"));
  bool any = false;
  for (const kafka::NextOffset& next : *offsets) {
    const auto found = standings_.find(next.partition);
    if (found == standings_.end()) continue;
    auto translated = translate(found->second, next.offset);
    if (!translated) return fail(std::move(translated).error());
    const CheckpointKey key{group, next.partition};
    any = true;
    if (const auto checkpoint =
            checkpoints_.take(key, next.offset, *translated, translations_.lives(next.partition)))
      checkpoints_topic_.put(encode(key), encode(*checkpoint));
  }
  return any && settings_.options.sync_group_offsets ? commit_on_target(group) : Result<void>();
}

/// A group that is behind all that is known goes on at the copy's beginning, and loses nothing.
Result<std::int64_t> GroupSync::translate(const Standing& standing, std::int64_t next) {
  const Translation* const known = translations_.of(standing.source);
  if (const auto to = known ? known->translate(next) : std::nullopt) return *to;
  const kafka::TopicPartition there{standing.target_topic, standing.source.partition};
  auto begin = target_.begins({&there, 1});
  if (!begin) return fail(std::move(begin).error().at("target"));
  return begin->front();
}

/// Only where nobody is in the group, and forward only.
Result<void> GroupSync::commit_on_target(const std::string& group) {
  const auto state = target_.group_state(group);
  if (!state) return fail(Errc::io, "target: " + state.error().message);
  if (*state == kafka::GroupState::active) return {};
  std::map<kafka::TopicPartition, std::int64_t> there;
  if (*state == kafka::GroupState::empty) {
    const auto offsets = target_.group_offsets(group);
    if (!offsets) return fail(Errc::io, "target: " + offsets.error().message);
    for (const kafka::NextOffset& one : *offsets) there[one.partition] = one.offset;
  }
  std::vector<kafka::NextOffset> forward;
  for (const auto& [source, standing] : standings_) {
    const Checkpoint* const checkpoint = checkpoints_.of({group, source});
    if (!checkpoint) continue;
    kafka::TopicPartition place{standing.target_topic, source.partition};
    const auto found = there.find(place);
    if (found == there.end() || found->second < checkpoint->target)
      forward.push_back({std::move(place), checkpoint->target});
  }
  auto set = target_.set_group_offsets(group, forward);
  // Somebody has joined since; then the offsets are theirs.
  if (!set && set.error().code == Errc::invalid) {
    log::debug(component_, "target: {}", set.error().message);
    return {};
  }
  return set;
}

}  // namespace millrace::mirror
