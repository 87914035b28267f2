#include "pipeline/plugin/registry.h"

#include <algorithm>

namespace millrace {
namespace {

template <typename Plugins>
const typename Plugins::value_type* find(const Plugins& plugins, std::string_view kind,
                                         const config::Plugin& wanted,
                                         config::Diagnostics& diagnostics) {
  const auto found = std::find_if(plugins.begin(), plugins.end(),
                                  [&](const auto& plugin) { return plugin.name == wanted.name; });
  if (found != plugins.end()) return &*found;
  std::vector<std::string_view> names;
  for (const auto& plugin : plugins) names.push_back(plugin.name);
  std::string hint = config::did_you_mean(wanted.name, names);
  if (hint.empty()) hint = "`millrace plugins` lists what this build has";
  diagnostics.error(wanted.span, "unknown " + std::string(kind) + " plugin `" + wanted.name + "`",
                    std::move(hint));
  return nullptr;
}

}  // namespace

const InputPlugin* Registry::input(const config::Plugin& plugin,
                                   config::Diagnostics& diagnostics) const {
  return find(inputs_, "input", plugin, diagnostics);
}

const FilterPlugin* Registry::filter(const config::Plugin& plugin,
                                     config::Diagnostics& diagnostics) const {
  return find(filters_, "filter", plugin, diagnostics);
}

const OutputPlugin* Registry::output(const config::Plugin& plugin,
                                     config::Diagnostics& diagnostics) const {
  return find(outputs_, "output", plugin, diagnostics);
}

std::shared_ptr<const Codec> Registry::make_codec(const CodecChoice& choice,
                                                  const Maker& maker) const {
  const CodecPlugin* plugin = find(codecs_, "codec", choice.plugin, maker.diagnostics);
  CommonCodecOptions common;
  return plugin ? plugin->make(choice.plugin, maker, choice.plugin.name, common) : nullptr;
}

}  // namespace millrace
