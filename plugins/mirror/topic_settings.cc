#include "plugins/mirror/topic_settings.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace millrace::mirror {
namespace {

/// What belongs to a cluster and not to a topic's contents. `min.insync.replicas` and the place of
/// replicas depend on how many brokers there are; records keep their own times.
constexpr std::string_view kNeverCopied[] = {
    "follower.replication.throttled.replicas",
    "leader.replication.throttled.replicas",
    "local.retention.bytes",
    "local.retention.ms",
    "message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms",
    "message.timestamp.difference.max.ms",
    "message.timestamp.type",
    "min.insync.replicas",
    "unclean.leader.election.enable",
};
constexpr std::string_view kTiers = "remote.";
constexpr std::string_view kVendor = "confluent.";  // placement and tiers of that vendor
constexpr std::string_view kVersion = "v=1";

/// It had no effect since brokers 3.0, which tell it still, and those from 4.0 on do not know it.
constexpr std::string_view kNoDefault = "message.format.version";

bool is_copied(const kafka::TopicSetting& one, const FlowOptions& options) {
  const auto is_it = [&](std::string_view name) { return one.name == name; };
  const bool is_wanted_default =
      options.use_defaults_from == DefaultsFrom::source && one.name != kNoDefault;
  return (one.of_topic || is_wanted_default) && one.value && !one.read_only && !one.sensitive &&
         !one.name.starts_with(kTiers) && !one.name.starts_with(kVendor) &&
         std::none_of(std::begin(kNeverCopied), std::end(kNeverCopied), is_it) &&
         std::none_of(options.exclude_topic_settings.begin(), options.exclude_topic_settings.end(),
                      is_it);
}

std::optional<std::int64_t> number_of(const std::string& text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::string adapted(const kafka::TopicSetting& one, const FlowSettings& flow) {
  const auto number = number_of(*one.value);
  if (!number) return *one.value;
  if (one.name == "retention.ms" && *number >= 0 && flow.options.least_retention)  // -1: for ever
    return std::to_string(std::max<std::int64_t>(*number, flow.options.least_retention->count()));
  if (one.name == "max.message.bytes")
    return std::to_string(std::min<std::int64_t>(*number + flow.header_bytes(), INT32_MAX));
  return *one.value;
}

}  // namespace

kafka::TopicSettings settings_to_copy(const std::vector<kafka::TopicSetting>& source,
                                      const FlowSettings& flow) {
  kafka::TopicSettings out;
  for (const kafka::TopicSetting& one : source)
    if (is_copied(one, flow.options)) out.emplace_back(one.name, adapted(one, flow));
  std::sort(out.begin(), out.end());
  return out;
}

SettingsChange change_of(const std::vector<kafka::TopicSetting>& target,
                         const kafka::TopicSettings& wanted, const std::set<std::string>& ours) {
  std::map<std::string, std::string> there;
  for (const kafka::TopicSetting& one : target)
    if (one.of_topic && one.value && !one.read_only) there[one.name] = *one.value;
  std::map<std::string, std::string> next = there;
  for (const std::string& name : ours) next.erase(name);
  for (const auto& [name, value] : wanted) next[name] = value;
  return {{next.begin(), next.end()}, next != there};
}

std::string encode_names(const std::set<std::string>& names) {
  std::string out(kVersion);
  for (const std::string& name : names) out += " " + name;
  return out;
}

Result<std::set<std::string>> decode_names(std::string_view text) {
  if (!text.starts_with(kVersion))
    return fail(Errc::invalid, "expected `v=1` and names of settings");
  text.remove_prefix(kVersion.size());
  std::set<std::string> out;
  while (!text.empty()) {
    if (text.front() != ' ') return fail(Errc::invalid, "expected a space between names");
    text.remove_prefix(1);
    const std::string_view name = text.substr(0, text.find(' '));
    if (name.empty()) return fail(Errc::invalid, "a name of a setting is empty");
    out.emplace(name);
    text.remove_prefix(name.size());
  }
  return out;
}

}  // namespace millrace::mirror
