#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/mirror/config.h"
#include "plugins/support/kafka/admin.h"

/// Which settings a topic on the target gets from its source. Pure functions.
namespace millrace::mirror {

/// Those that were set for the source's topic itself; with `use_defaults_from: source` also what
/// its brokers say of it. Never: what is read-only or secret, what concerns replicas, throttling,
/// tiers and times (see the list in topic_settings.cc), and what `exclude_topic_settings` names.
/// `retention.ms` is at least `least_retention`; `max.message.bytes` leaves room for the mirror's
/// headers. In order of names.
kafka::TopicSettings settings_to_copy(const std::vector<kafka::TopicSetting>& source,
                                      const FlowSettings& flow);

/// What is to be set on the target.
struct SettingsChange {
  kafka::TopicSettings all;  ///< for Admin::replace_topic_settings()
  bool differs = false;      ///< from what is set there
};

/// `wanted` on top of what the target's topic has of its own. What the mirror had set before,
/// `ours`, and the source has no more, is removed; what others have set stays.
SettingsChange change_of(const std::vector<kafka::TopicSetting>& target,
                         const kafka::TopicSettings& wanted, const std::set<std::string>& ours);

/// "v=1 cleanup.policy retention.ms": which settings of a topic the mirror has set.
std::string encode_names(const std::set<std::string>& names);
/// Errors: Errc::invalid for what encode_names() does not write.
Result<std::set<std::string>> decode_names(std::string_view text);

}  // namespace millrace::mirror
