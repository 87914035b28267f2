#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/plugin/codec.h"
#include "pipeline/plugin/common_options.h"
#include "pipeline/plugin/filter.h"
#include "pipeline/plugin/input.h"
#include "pipeline/plugin/options.h"
#include "pipeline/plugin/output.h"
#include "pipeline/queue/dead_letter.h"

namespace millrace {

/// What plugins may know about the pipeline that they are made for. Outlives them.
struct PipelineInfo {
  std::string id = "main";
  std::string node_name;  ///< node.name
  std::string host_name;  ///< of this machine, for `host`
  std::filesystem::path
      data_directory;  ///< path.data; plugins make their own folder below it, plugins/...
  EcsMode ecs = EcsMode::v8;
  bool console = false;  ///< stdout is a terminal
  /// Where filters and outputs send what is refused for good; never null.
  std::filesystem::path dead_letter_directory;  ///< of its queue; "" where it keeps none
  std::shared_ptr<DeadLetters> dead_letters = counting_dead_letters("dead letters");
};

/// What a plugin's create() gets besides its options.
///
/// create() has no side effects beyond memory: a config that is only checked opens no file and no
/// socket. It reports everything that is wrong with the options' meaning at their places and then
/// returns nullptr.
struct PluginContext {
  const PipelineInfo& pipeline;
  EcsMode ecs;                 ///< the plugin's own ecs_compatibility, or the pipeline's
  std::string id;              ///< the plugin's id, given or made up
  const OptionPlaces& places;  ///< of the plugin's options
  config::Diagnostics& diagnostics;
  std::shared_ptr<const Codec> codec;  ///< of an input or output; nullptr for filters and codecs

  void error(std::string_view option, std::string message, std::string hint = {}) const {
    places.error(diagnostics, option, std::move(message), std::move(hint));
  }
  void warning(std::string_view option, std::string message, std::string hint = {}) const {
    places.warning(diagnostics, option, std::move(message), std::move(hint));
  }
};

class Registry;

/// What making a plugin takes besides its place in the config.
struct Maker {
  const Registry& registry;
  const PipelineInfo& pipeline;
  config::Diagnostics& diagnostics;
};

/// One plugin of a kind: how it is called, which options it has, how it is made.
template <typename Made, typename Common>
struct DeclaredPlugin {
  std::string name;
  std::string summary;                        ///< one sentence
  std::shared_ptr<const OptionTable> own;     ///< its own options
  std::shared_ptr<const OptionTable> common;  ///< those of its kind

  /// Binds the options and creates the plugin; `common` gets the common options, its id
  /// `default_id` where none is given. nullptr: the diagnostics say why.
  std::function<std::unique_ptr<Made>(const config::Plugin&, const Maker&,
                                      const std::string& default_id, Common& common_out)>
      make;
};

using InputPlugin = DeclaredPlugin<Input, CommonInputOptions>;
using FilterPlugin = DeclaredPlugin<Filter, CommonFilterOptions>;
using OutputPlugin = DeclaredPlugin<Output, CommonOutputOptions>;
using CodecPlugin = DeclaredPlugin<Codec, CommonCodecOptions>;

/// All plugins of this build, by name. Filled once (plugins/builtin.cc), then only read.
class Registry {
 public:
  void add(InputPlugin plugin) { inputs_.push_back(std::move(plugin)); }
  void add(FilterPlugin plugin) { filters_.push_back(std::move(plugin)); }
  void add(OutputPlugin plugin) { outputs_.push_back(std::move(plugin)); }
  void add(CodecPlugin plugin) { codecs_.push_back(std::move(plugin)); }

  const std::vector<InputPlugin>& inputs() const { return inputs_; }
  const std::vector<FilterPlugin>& filters() const { return filters_; }
  const std::vector<OutputPlugin>& outputs() const { return outputs_; }
  const std::vector<CodecPlugin>& codecs() const { return codecs_; }

  /// These report an unknown name, with what was probably meant, and return nullptr.
  const InputPlugin* input(const config::Plugin& plugin, config::Diagnostics& diagnostics) const;
  const FilterPlugin* filter(const config::Plugin& plugin, config::Diagnostics& diagnostics) const;
  const OutputPlugin* output(const config::Plugin& plugin, config::Diagnostics& diagnostics) const;
  std::shared_ptr<const Codec> make_codec(const CodecChoice& choice, const Maker& maker) const;

 private:
  std::vector<InputPlugin> inputs_;
  std::vector<FilterPlugin> filters_;
  std::vector<OutputPlugin> outputs_;
  std::vector<CodecPlugin> codecs_;
};

/// The common part of input_plugin(), filter_plugin(), ...
template <typename Made, typename Common, typename O>
DeclaredPlugin<Made, Common> declare_plugin(std::string name, std::string summary, Options<O> own,
                                            Options<Common> common,
                                            std::unique_ptr<Made> (*create)(O,
                                                                            const PluginContext&)) {
  DeclaredPlugin<Made, Common> plugin{std::move(name), std::move(summary), nullptr, nullptr, {}};
  const auto own_table = std::make_shared<const Options<O>>(std::move(own));
  const auto common_table = std::make_shared<const Options<Common>>(std::move(common));
  plugin.own = own_table;
  plugin.common = common_table;
  plugin.make = [own_table, common_table, create](const config::Plugin& ast, const Maker& maker,
                                                  const std::string& default_id,
                                                  Common& common_out) -> std::unique_ptr<Made> {
    O options;
    OptionPlaces places;
    OptionBinder binder;
    binder.to(*own_table, options).to(*common_table, common_out);
    if (!binder.bind(ast, places, maker.diagnostics)) return nullptr;
    if (common_out.id.empty()) common_out.id = default_id;
    std::shared_ptr<const Codec> codec;
    if constexpr (requires { common_out.codec; }) {
      codec = maker.registry.make_codec(common_out.codec, maker);
      if (!codec) return nullptr;
    }
    const PluginContext context{
        maker.pipeline,    common_out.ecs_compatibility.value_or(maker.pipeline.ecs),
        common_out.id,     places,
        maker.diagnostics, std::move(codec)};
    return create(std::move(options), context);
  };
  return plugin;
}

template <typename O>
InputPlugin input_plugin(std::string name, std::string summary, Options<O> options,
                         std::unique_ptr<Input> (*create)(O, const PluginContext&),
                         std::string default_codec = "plain") {
  return declare_plugin(std::move(name), std::move(summary), std::move(options),
                        common_input_options(std::move(default_codec)), create);
}

template <typename O>
FilterPlugin filter_plugin(std::string name, std::string summary, Options<O> options,
                           std::unique_ptr<Filter> (*create)(O, const PluginContext&)) {
  return declare_plugin(std::move(name), std::move(summary), std::move(options),
                        common_filter_options(), create);
}

template <typename O>
OutputPlugin output_plugin(std::string name, std::string summary, Options<O> options,
                           std::unique_ptr<Output> (*create)(O, const PluginContext&),
                           std::string default_codec = "plain") {
  return declare_plugin(std::move(name), std::move(summary), std::move(options),
                        common_output_options(std::move(default_codec)), create);
}

template <typename O>
CodecPlugin codec_plugin(std::string name, std::string summary, Options<O> options,
                         std::unique_ptr<Codec> (*create)(O, const PluginContext&)) {
  return declare_plugin(std::move(name), std::move(summary), std::move(options),
                        common_codec_options(), create);
}

}  // namespace millrace
