#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "plugins/mirror/acl_sync.h"
#include "plugins/mirror/group_sync.h"
#include "plugins/mirror/heartbeats.h"
#include "plugins/mirror/names.h"
#include "plugins/mirror/settings_sync.h"
#include "plugins/mirror/shard.h"
#include "plugins/support/notices.h"

namespace millrace::mirror {

/// One direction, source to target: finds topics, makes and grows them on the target, gives their
/// partitions to shards, and watches over all of it. run() is its thread's.
class Flow {
 public:
  /// `instance`: of this process; tells who owns the flow.
  Flow(FlowSettings settings, TopicRules rules, std::string instance);
  ~Flow();

  /// Until `stop`, or until it cannot go on, which the log tells: false. Prints the books at the
  /// end.
  bool run(const StopSignal& stop);

 private:
  struct Topic {
    std::string target;
    std::int32_t partitions = 0;  ///< given to shards
  };

  // flow.cc: its life
  bool prepare(const StopSignal& stop);
  Result<bool> try_prepare(const StopSignal& stop);
  Result<void> make_positions_topic(const StopSignal& stop);
  void start_helpers();
  void start_shards();
  void every_second(const StopSignal& stop);
  void watch_heartbeats();
  void open_letters();
  void report_lag();
  void report_counts() const;
  Shard& shard_of(const kafka::TopicPartition& partition);
  std::vector<Standing> standings() const;
  bool all_fenced() const;
  void end();

  // flow_topics.cc: what is mirrored
  Result<void> refresh(const StopSignal& stop);
  Result<void> carry(const std::string& topic, const std::string& target,
                     const kafka::ClusterLayout& source, const kafka::ClusterLayout& there,
                     const StopSignal& stop);
  Result<void> check_is_missing(const std::string& topic, const std::string& target,
                                const StopSignal& stop);
  Result<std::size_t> make_target(const std::string& topic, const std::string& target,
                                  std::int32_t partitions, std::int32_t there,
                                  const StopSignal& stop);
  Result<std::size_t> check_target(const std::string& topic, const std::string& target);
  void watch_gone(const kafka::ClusterLayout& source);
  void watch_witnesses(const StopSignal& stop);
  Result<kafka::TopicSettings> settings_for(const std::string& topic);

  const FlowSettings settings_;
  const TopicRules rules_;
  const std::string component_;
  const std::string instance_;
  Notices notices_;
  std::unique_ptr<kafka::Admin> source_;
  std::unique_ptr<kafka::Admin> target_;
  Books books_;
  RateLimit rate_;
  std::unique_ptr<Letters> letters_;  ///< null: none are wanted
  std::unique_ptr<ShardContext> context_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::optional<NameList> groups_;
  std::unique_ptr<GroupSync> group_sync_;        ///< null: no groups are wanted
  std::unique_ptr<SettingsSync> settings_sync_;  ///< null: not continuous
  std::unique_ptr<AclSync> acl_sync_;            ///< null: not wanted
  std::unique_ptr<Heartbeats> heartbeats_;       ///< null: not wanted
  Clock::time_point second_at_{};                ///< when every_second() is due
  bool is_new_ = false;                          ///< it never ran before: `start` counts
  bool refreshed_ = false;                       ///< the first time is over
  std::map<std::string, Topic> topics_;
  std::optional<std::set<std::string>> carried_;  ///< topics that earlier runs have positions of
};

/// Tells processes apart that run the same flow.
std::string instance_name(const PipelineInfo& info);

}  // namespace millrace::mirror
