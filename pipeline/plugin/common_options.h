#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/plugin/options.h"

/// The options that every plugin of a kind has, declared once and bound beside the plugin's own.
namespace millrace {

/// How fields are named: as before the Elastic Common Schema, or by it.
enum class EcsMode { disabled, v1, v8 };

struct CommonInputOptions {
  std::string id;  ///< "": the plan makes one up
  bool enable_metric = true;
  std::string type;
  std::vector<std::string> tags;
  Hash add_field;
  CodecChoice codec;
  std::optional<EcsMode> ecs_compatibility;  ///< nullopt: the pipeline's
};

struct CommonFilterOptions {
  std::string id;
  bool enable_metric = true;
  Hash add_field;
  std::vector<std::string> remove_field;
  std::vector<std::string> add_tag;
  std::vector<std::string> remove_tag;
  bool periodic_flush = false;
  std::optional<EcsMode> ecs_compatibility;
};

struct CommonOutputOptions {
  std::string id;
  bool enable_metric = true;
  CodecChoice codec;
  std::optional<EcsMode> ecs_compatibility;
};

struct CommonCodecOptions {
  std::string id;
  bool enable_metric = true;
  std::optional<EcsMode> ecs_compatibility;
};

/// `default_codec`: the plugin's own default, "plain" for most.
Options<CommonInputOptions> common_input_options(std::string default_codec = "plain");
Options<CommonFilterOptions> common_filter_options();
Options<CommonOutputOptions> common_output_options(std::string default_codec = "plain");
Options<CommonCodecOptions> common_codec_options();

}  // namespace millrace
