#include "plugins/mirror/made_topics.h"

#include "pipeline/observe/log.h"

namespace millrace::mirror {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::string_view kMade = "v=1 made";
constexpr std::string_view kRemaking = "v=1 remaking";

}  // namespace

std::string encode(const MadeTopic& topic) {
  if (!topic.remaking) return std::string(kMade);
  std::string out(kRemaking);
  for (const auto& [name, value] : topic.settings) out.append("\n" + name + "=" + value);
  return out;
}

Result<MadeTopic> decode_made_topic(std::string_view text) {
  MadeTopic out;
  if (text == kMade) return out;
  if (!text.starts_with(kRemaking))
    return fail(Errc::invalid, "expected `v=1 made` or `v=1 remaking`");
  out.remaking = true;
  text.remove_prefix(kRemaking.size());
  while (!text.empty()) {
    if (text.front() != '\n') return fail(Errc::invalid, "expected a line for each setting");
    text.remove_prefix(1);
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t sign = line.find('=');
    if (sign == 0 || sign == std::string_view::npos)
      return fail(Errc::invalid, "expected `name=value`");
    out.settings.emplace_back(line.substr(0, sign), line.substr(sign + 1));
    text.remove_prefix(line.size());
  }
  return out;
}

MadeTopics::MadeTopics(const FlowSettings& settings)
    : settings_(settings),
      component_(settings.component() + " topics"),
      own_("millrace-mirror-topics." + settings.options.flow + ".internal") {}

Result<void> MadeTopics::open(kafka::Admin& target, const StopSignal& stop) {
  const auto replication = static_cast<std::int32_t>(settings_.options.replication_factor);
  if (auto made = own_.make(target, replication, kPatience, stop); !made) return made;
  known_.clear();
  return own_.read(settings_.target_reader, component_, kPatience, stop, [&](auto key, auto value) {
    const std::string topic(key);
    known_.erase(topic);
    if (!value) return;
    auto one = decode_made_topic(*value);
    if (one)
      known_[topic] = std::move(*one);
    else
      log::warn(component_, "{}: key `{}` is passed over: {}", own_.name(), topic.substr(0, 200),
                one.error().message);
  });
}

const MadeTopic* MadeTopics::find(const std::string& target) const {
  const auto found = known_.find(target);
  return found == known_.end() ? nullptr : &found->second;
}

Result<void> MadeTopics::remember(const std::string& target, MadeTopic topic) {
  own_.put(target, encode(topic));
  auto stored = own_.flush(settings_.target_producer, component_, kPatience);
  if (stored) known_[target] = std::move(topic);
  return stored;
}

}  // namespace millrace::mirror
