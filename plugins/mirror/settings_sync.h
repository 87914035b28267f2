#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "plugins/mirror/own_topic.h"
#include "plugins/mirror/topic_settings.h"
#include "plugins/support/notices.h"

namespace millrace::mirror {

/// `topic_settings: continuous`: topics on the target get and keep the settings of their sources.
/// Which of them the mirror has set is remembered in a compacted topic on the target,
/// `millrace-mirror-settings.FLOW.internal` (key: the target's topic, value: encode_names()), so
/// that a setting that the source has no more is removed, and one that somebody else made stays.
///
/// The flow's thread only; calls wait for brokers. What goes wrong is in the log, and tried again.
class SettingsSync {
 public:
  /// All outlives it.
  SettingsSync(const FlowSettings& settings, kafka::Admin& source, kafka::Admin& target);

  /// Call it about once a second: compares when it is due, and at once for topics that are new.
  /// `topics`: on the source, and their names on the target.
  void tick(const std::map<std::string, std::string>& topics, const StopSignal& stop);

 private:
  using Clock = std::chrono::steady_clock;

  Result<void> open(const StopSignal& stop);
  Result<void> copy(const std::string& topic, const std::string& target);
  Result<void> remember(const std::string& target, const std::set<std::string>& names);

  const FlowSettings& settings_;
  kafka::Admin& source_;
  kafka::Admin& target_;
  const std::string component_;
  Notices notices_;
  OwnTopic own_;
  std::map<std::string, std::set<std::string>> ours_;  ///< by topic on the target
  std::set<std::string> seen_;                         ///< topics that were compared
  bool open_ = false;
  Clock::time_point all_due_{};
};

}  // namespace millrace::mirror
