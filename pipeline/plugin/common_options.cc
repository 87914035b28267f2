#include "pipeline/plugin/common_options.h"

namespace millrace {
namespace {

/// What the kinds share, for any struct that has these members.
template <typename O>
Options<O>& add_shared(Options<O>& options) {
  return options.add("id", &O::id, "Names this plugin in metrics and logs.")
      .add("enable_metric", &O::enable_metric, "Count what this plugin does.")
      .add("ecs_compatibility", &O::ecs_compatibility,
           "Field names as in the Elastic Common Schema of that version, or the classic flat ones.",
           choices<EcsMode>(
               {{"disabled", EcsMode::disabled}, {"v1", EcsMode::v1}, {"v8", EcsMode::v8}}),
           default_text("the setting pipeline.ecs_compatibility"));
}

constexpr const char* kUseConditional = "put the plugin inside an `if`";

}  // namespace

Options<CommonInputOptions> common_input_options(std::string default_codec) {
  using O = CommonInputOptions;
  Options<O> options(O{.codec = CodecChoice(std::move(default_codec))});
  add_shared(options)
      .add("type", &O::type, "Set as the field `type` of each event that has none.")
      .add("tags", &O::tags, "Tags that each event gets.")
      .add("add_field", &O::add_field,
           "Fields that each event gets; names and values are templates.")
      .add("codec", &O::codec, "How bytes become events.")
      .obsolete("debug", "use `stdout { codec => rubydebug }` as an output")
      .obsolete("format", "use `codec`")
      .obsolete("charset", "use the codec's `charset`")
      .obsolete("message_format", "use a codec that has a `format`");
  return options;
}

Options<CommonFilterOptions> common_filter_options() {
  using O = CommonFilterOptions;
  Options<O> options;
  add_shared(options)
      .add("add_field", &O::add_field, "Fields added on success; names and values are templates.")
      .add("remove_field", &O::remove_field, "Fields removed on success; templates.")
      .add("add_tag", &O::add_tag, "Tags added on success; templates.")
      .add("remove_tag", &O::remove_tag, "Tags removed on success; templates.")
      .add("periodic_flush", &O::periodic_flush,
           "Let the filter emit what it keeps back every 5 seconds.",
           no_effect("the filters of this build keep no events back"))
      .obsolete("type", kUseConditional)
      .obsolete("tags", kUseConditional)
      .obsolete("exclude_tags", kUseConditional);
  return options;
}

Options<CommonOutputOptions> common_output_options(std::string default_codec) {
  using O = CommonOutputOptions;
  Options<O> options(O{.codec = CodecChoice(std::move(default_codec))});
  add_shared(options)
      .add("codec", &O::codec, "How events become bytes.")
      .refused("workers",
               "outputs run beside each other by design; the number of pipeline workers is -w", "1")
      .obsolete("type", kUseConditional)
      .obsolete("tags", kUseConditional)
      .obsolete("exclude_tags", kUseConditional);
  return options;
}

Options<CommonCodecOptions> common_codec_options() {
  Options<CommonCodecOptions> options;
  add_shared(options);
  return options;
}

}  // namespace millrace
