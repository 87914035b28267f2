#include "plugins/effects.h"

#include <algorithm>
#include <initializer_list>

namespace millrace {
namespace {

using config::Effects;

const config::Value* option(const config::Plugin& plugin, std::string_view name) {
  for (const config::Attribute& attribute : plugin.attributes) {
    if (attribute.name == name) return &attribute.value;
  }
  return nullptr;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Text inputs: what an event holds is known unless a codec reads structure out of the bytes.
Effects input_effects(const config::Plugin& plugin) {
  if (!is_one_of(plugin.name, {"stdin", "file", "generator"})) return {};
  const config::Value* const codec = option(plugin, "codec");
  if (codec != nullptr && !is_one_of(codec->text, {"plain", "line"})) return {};
  return {.any_tag = false,
          .any_field = false,
          .fields = {"message", "event", "host", "log", "path", "sequence", "type", "@metadata"}};
}

/// Filters that add no tags but failure tags, which begin with `_`, and those that their options
/// name.
bool has_known_tags(const config::Plugin& plugin) {
  if (is_one_of(plugin.name, {"json", "kv", "xml"})) return option(plugin, "target") != nullptr;
  return is_one_of(plugin.name, {"mutate", "grok", "date", "drop", "dissect", "csv", "split",
                                 "truncate", "urldecode", "geoip", "useragent", "fingerprint",
                                 "throttle", "cidr", "syslog_pri"});
}

/// Filters whose options name every field that they set.
bool has_known_fields(const config::Plugin& plugin) {
  if (is_one_of(plugin.name, {"json", "kv"})) return option(plugin, "target") != nullptr;
  return is_one_of(plugin.name, {"mutate", "date", "drop", "split", "truncate", "urldecode",
                                 "throttle", "cidr"});
}

}  // namespace

Effects effects_of(config::SectionKind kind, const config::Plugin& plugin) {
  if (kind == config::SectionKind::input) return input_effects(plugin);
  return {.any_tag = !has_known_tags(plugin),
          .any_field = !has_known_fields(plugin),
          .fields = {},
          .ends_event = plugin.name == "drop" && option(plugin, "percentage") == nullptr};
}

}  // namespace millrace
