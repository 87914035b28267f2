#pragma once

#include <map>
#include <string>
#include <string_view>

#include "plugins/mirror/config.h"
#include "plugins/mirror/own_topic.h"

namespace millrace::mirror {

/// What is known of a topic on the target that the mirror has made.
struct MadeTopic {
  bool remaking = false;          ///< it is being deleted and made again; a crash may be in between
  kafka::TopicSettings settings;  ///< with which it is made again
  friend bool operator==(const MadeTopic&, const MadeTopic&) = default;
};

/// "v=1 made", or "v=1 remaking" and a line for each setting, `name=value`.
std::string encode(const MadeTopic& topic);
/// Errors: Errc::invalid for what encode() does not write.
Result<MadeTopic> decode_made_topic(std::string_view text);

/// Which topics on the target a flow has made, in a compacted topic there,
/// `millrace-mirror-topics.FLOW.internal` (key: the topic, value: encode(MadeTopic)). Only those
/// may be deleted. librdkafka tells topic ids only from 2.3 on: a topic that somebody has put in
/// the place of one counts as that one.
///
/// The flow's thread only; calls wait for brokers.
class MadeTopics {
 public:
  /// `settings` outlives it.
  explicit MadeTopics(const FlowSettings& settings);

  /// Reads what earlier runs have written. Errors: may pass.
  Result<void> open(kafka::Admin& target, const StopSignal& stop);
  /// null: it is somebody else's.
  const MadeTopic* find(const std::string& target) const;
  /// Written before it returns. Errors: may pass; it may be written or not.
  Result<void> remember(const std::string& target, MadeTopic topic);

 private:
  const FlowSettings& settings_;
  const std::string component_;
  OwnTopic own_;
  std::map<std::string, MadeTopic> known_;
};

}  // namespace millrace::mirror
