#include "plugins/mirror/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/mirror/config.h"

namespace millrace::mirror {

bool is_internal(const std::string& topic) {
  return topic == "__consumer_offsets" || topic == "__transaction_state" ||
         topic.find("millrace-mirror-") != std::string::npos;
}

bool is_topic_name(const std::string& name) {
  constexpr std::size_t kMostTopicBytes = 249;
  return !name.empty() && name.size() <= kMostTopicBytes && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

Result<NamePattern> NamePattern::compile(const std::string& text) {
  auto regex = Regex::compile("\\A(?:" + text + ")\\z");
  if (!regex) return fail(std::move(regex).error().at("`" + text + "`"));
  return NamePattern{text, std::move(*regex)};
}

Result<NameList> NameList::create(const std::vector<std::string>& include,
                                  const std::vector<std::string>& exclude) {
  NameList list;
  for (const auto& [texts, to] :
       {std::pair{&include, &list.include_}, std::pair{&exclude, &list.exclude_}}) {
    for (const std::string& text : *texts) {
      auto pattern = NamePattern::compile(text);
      if (!pattern) return fail(std::move(pattern).error());
      to->push_back(std::move(*pattern));
    }
  }
  return list;
}

bool NameList::selects(const std::string& name) const {
  const auto fits = [&](const NamePattern& pattern) { return pattern.matches(name); };
  return std::any_of(include_.begin(), include_.end(), fits) &&
         std::none_of(exclude_.begin(), exclude_.end(), fits);
}

Result<TopicRules> TopicRules::create(const FlowOptions& options) {
  TopicRules rules;
  rules.naming_ = options.names;
  rules.separator_ = options.separator;
  rules.heartbeats_ = options.heartbeats;
  auto topics = NameList::create(options.topics, options.exclude);
  if (!topics) return fail(std::move(topics).error());
  rules.topics_ = std::move(*topics);
  for (const auto& [from, to] : options.topic_map) {
    auto pattern = NamePattern::compile(from);
    if (!pattern) return fail(std::move(pattern).error().at("topic_map"));
    rules.map_.push_back({std::move(*pattern), to});
  }
  return rules;
}

/// Whether one of the aliases in front of the topic's own name is `alias`.
bool TopicRules::has_passed(const std::string& topic, const std::string& alias) const {
  std::size_t begin = 0;
  for (std::size_t end; (end = topic.find(separator_, begin)) != std::string::npos;
       begin = end + separator_.size())
    if (topic.compare(begin, end - begin, alias) == 0) return true;
  return false;
}

TopicRules::Choice TopicRules::choose(const std::string& topic, const std::string& source_alias,
                                      const std::string& target_alias) const {
  const bool beats = heartbeats_ && topic == kHeartbeatsTopic;
  if (!beats && (is_internal(topic) || !topics_.selects(topic))) return {};
  std::string target = topic;
  if (naming_ == Naming::rename) {
    if (has_passed(topic, target_alias))
      return {"", fmt::format("`{}` in its name says that it is from the target", target_alias)};
    target = source_alias + separator_ + topic;
  }
  for (const Mapping& mapping : map_) {
    if (beats || !mapping.pattern.matches(topic)) continue;
    Buffer made;
    target = mapping.pattern.regex.replace_all(topic, mapping.replacement, made)
                 ? std::string(made.view())
                 : mapping.replacement;
    break;
  }
  if (!is_topic_name(target) || (!beats && is_internal(target)))
    return {"", fmt::format("`{}` cannot be its name on the target", target.substr(0, 300))};
  return {std::move(target), ""};
}

TopicRules::Selection TopicRules::select(const std::vector<std::string>& topics,
                                         const std::string& source_alias,
                                         const std::string& target_alias) const {
  Selection out;
  std::map<std::string, std::string> taken;  // by name on the target
  for (const std::string& topic : topics) {
    Choice choice = choose(topic, source_alias, target_alias);
    if (!choice.blocked.empty()) out.blocked[topic] = std::move(choice.blocked);
    if (choice.target.empty()) continue;
    const auto [other, fresh] = taken.emplace(choice.target, topic);
    if (fresh) {
      out.targets[topic] = std::move(choice.target);
      continue;
    }
    // Neither may go there: which of the two was meant is not for the mirror to guess.
    out.blocked[topic] = fmt::format("`{}` would be its name on the target and that of `{}`",
                                     choice.target, other->second);
    out.blocked[other->second] =
        fmt::format("`{}` would be its name on the target and that of `{}`", choice.target, topic);
    out.targets.erase(other->second);
  }
  return out;
}

}  // namespace millrace::mirror
