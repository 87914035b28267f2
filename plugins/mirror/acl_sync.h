#pragma once

#include <chrono>
#include <span>
#include <string>

#include "plugins/mirror/acls.h"
#include "plugins/mirror/config.h"
#include "plugins/mirror/own_topic.h"
#include "plugins/support/notices.h"

namespace millrace::mirror {

/// `acl_sync`: who may read a topic may read its copy, see acls.h. Which ACLs of the target the
/// mirror has made is remembered in a compacted topic there, `millrace-mirror-acls.FLOW.internal`
/// (key: encode(Acl), value: "v=1"), so that one that the source has no more is removed, and one
/// that somebody else made stays.
///
/// The flow's thread only; calls wait for brokers. What goes wrong is in the log, and tried again.
class AclSync {
 public:
  /// All outlives it.
  AclSync(const FlowSettings& settings, kafka::Admin& source, kafka::Admin& target);

  /// Call it about once a second: compares when it is due, and at once when there are more topics.
  void tick(const Copies& copies, const StopSignal& stop);

 private:
  using Clock = std::chrono::steady_clock;

  Result<void> open(const StopSignal& stop);
  Result<void> copy(const Copies& copies);
  void tell(const std::vector<kafka::Acl>& left_out);
  Result<void> remember(std::span<const kafka::Acl> acls);
  Result<void> forget(std::span<const kafka::Acl> acls);

  const FlowSettings& settings_;
  kafka::Admin& source_;
  kafka::Admin& target_;
  const std::string component_;
  Notices notices_;
  OwnTopic own_;
  Acls ours_;
  bool open_ = false;
  std::size_t topics_ = 0;  ///< that were compared
  Clock::time_point due_{};
};

}  // namespace millrace::mirror
