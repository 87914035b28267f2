#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "plugins/mirror/checkpoints.h"
#include "plugins/mirror/names.h"
#include "plugins/mirror/own_topic.h"
#include "plugins/support/notices.h"

namespace millrace::mirror {

/// Keeps track of where consumer groups of the source would go on on the target, in two topics of
/// the flow there: pairs of offsets (`millrace-mirror-syncs.FLOW.internal`, key `TOPIC/PARTITION`
/// of the source, value Translation::encode()) and checkpoints
/// (`millrace-mirror-checkpoints.FLOW.internal`, see checkpoints.h). With `sync_group_offsets` it
/// commits them for groups that are not in use on the target.
///
/// The flow's thread only; calls wait for brokers. What goes wrong is in the log, and tried again.
class GroupSync {
 public:
  /// All outlives it.
  GroupSync(const FlowSettings& settings, const NameList& groups, kafka::Admin& source,
            kafka::Admin& target);

  /// Call it about once a second: takes pairs from the shards and does what is due. Translates
  /// nothing before what was stored is read.
  void tick(std::span<const Standing> standings, const StopSignal& stop);

  /// After the shards' end: the last pairs and checkpoints.
  void finish(std::span<const Standing> standings);

 private:
  using Clock = std::chrono::steady_clock;

  Result<void> open(const StopSignal& stop);
  void take(std::span<const Standing> standings);
  Result<void> store_pairs();
  Result<void> check_groups();
  Result<void> check_group(const std::string& group);
  Result<void> commit_on_target(const std::string& group);
  Result<std::int64_t> translate(const Standing& standing, std::int64_t next);

  const FlowSettings& settings_;
  const NameList& groups_;
  kafka::Admin& source_;
  kafka::Admin& target_;
  const std::string component_;
  Notices notices_;
  OwnTopic syncs_;
  OwnTopic checkpoints_topic_;
  Translations translations_;
  Checkpoints checkpoints_;
  std::map<kafka::TopicPartition, Standing> standings_;
  std::vector<kafka::TopicPartition> changed_;  ///< pairs that are not stored yet
  bool open_ = false;
  Clock::time_point open_at_{};
  Clock::time_point store_at_{};
  Clock::time_point check_at_{};
};

}  // namespace millrace::mirror
