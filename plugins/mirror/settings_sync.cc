#include "plugins/mirror/settings_sync.h"

#include <fmt/format.h>

namespace millrace::mirror {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::seconds kAgain{5};

std::set<std::string> names_of(const kafka::TopicSettings& settings) {
  std::set<std::string> out;
  for (const auto& [name, value] : settings) out.insert(name);
  return out;
}

}  // namespace

SettingsSync::SettingsSync(const FlowSettings& settings, kafka::Admin& source, kafka::Admin& target)
    : settings_(settings),
      source_(source),
      target_(target),
      component_(settings.component() + " settings"),
      notices_(component_),
      own_("millrace-mirror-settings." + settings.options.flow + ".internal") {}

void SettingsSync::tick(const std::map<std::string, std::string>& topics, const StopSignal& stop) {
  const bool all = Clock::now() >= all_due_;
  if (!all && topics.size() == seen_.size()) return;
  if (!open_) {
    if (auto opened = open(stop); !opened) {
      notices_.begin("open", "{}; tried again", opened.error().message);
      all_due_ = Clock::now() + kAgain;
      return;
    }
    open_ = true;
  }
  all_due_ = Clock::now() + settings_.options.topic_settings_interval;
  for (const auto& [topic, target] : topics) {
    if (stop.requested()) return;
    const bool is_new = seen_.insert(topic).second;
    if (!all && !is_new) continue;
    const auto copied = copy(topic, target);
    if (copied)
      notices_.end(topic, fmt::format("settings of `{}` are copied to `{}` again", topic, target));
    else if (copied.error().code != Errc::not_found)  // the flow tells of topics that are gone
      notices_.begin(topic, "settings of `{}` are not copied to `{}`: {}", topic, target,
                     copied.error().message);
  }
}

/// Reads what an earlier run has set.
Result<void> SettingsSync::open(const StopSignal& stop) {
  const auto replication = static_cast<std::int32_t>(settings_.options.replication_factor);
  if (auto made = own_.make(target_, replication, kPatience, stop); !made) return made;
  return own_.read(settings_.target_reader, component_, kPatience, stop, [&](auto key, auto value) {
    if (!value) return;
    auto names = decode_names(*value);
    if (names)
      ours_[std::string(key)] = std::move(*names);
    else
      log::warn(component_, "{}: key `{}` is passed over: {}", own_.name(),
                std::string(key.substr(0, 200)), names.error().message);
  });
}

Result<void> SettingsSync::copy(const std::string& topic, const std::string& target) {
  const auto here = source_.topic_settings(topic);
  if (!here) return here.error();
  const auto there = target_.topic_settings(target);
  if (!there) return there.error();
  const kafka::TopicSettings wanted = settings_to_copy(*here, settings_);
  const std::set<std::string> names = names_of(wanted);
  const std::set<std::string> before = ours_[target];
  const SettingsChange change = change_of(*there, wanted, before);
  // First of all it is remembered: what a crash leaves set is known to be the mirror's.
  std::set<std::string> both = before;
  both.insert(names.begin(), names.end());
  if (auto stored = remember(target, both); !stored) return stored;
  if (change.differs) {
    if (auto set = target_.replace_topic_settings(target, change.all); !set) return set;
    std::string text;
    for (const auto& [name, value] : wanted) text += " " + name + "=" + value;
    log::info(component_, "`{}` on the target has the settings of `{}` now:{}", target, topic,
              text);
  }
  return remember(target, names);
}

Result<void> SettingsSync::remember(const std::string& target, const std::set<std::string>& names) {
  std::set<std::string>& known = ours_[target];
  if (known == names) return {};
  own_.put(target, encode_names(names));
  auto stored = own_.flush(settings_.target_producer, component_, kPatience);
  if (stored) known = names;
  return stored;
}

}  // namespace millrace::mirror
