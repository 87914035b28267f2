#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/event/json_read.h"
#include "pipeline/event/json_write.h"
#include "pipeline/plugin/registry.h"
#include "tests/unit/pipeline/config/reading.h"

/// Codecs and filters as a config names them, events as JSON texts: what their tests speak in.
namespace millrace {

/// The event without `@timestamp` and `@version`, in field order; `@metadata` only where it is not
/// empty.
inline std::string as_json(const ConstEvent& event) {
  const Batch& batch = event.batch();
  Buffer out;
  for (std::uint32_t i = 0; i < event.fields().size; ++i) {
    const NameId name = event.fields().names[i];
    if (name == name::timestamp || name == name::version) continue;
    out.push_back(out.empty() ? '{' : ',');
    out.append(batch.names()[name].json_key);
    write_json(batch, event.fields().values[i], out);
  }
  if (out.empty()) out.push_back('{');
  out.push_back('}');
  return std::string(out.view());
}

/// All events of a batch, each as as_json().
inline std::vector<std::string> as_json(const Batch& batch) {
  std::vector<std::string> out;
  for (std::uint32_t at = 0; at < batch.size(); ++at)
    if (batch.state(at) == EventState::live) out.push_back(as_json(batch[at]));
  return out;
}

/// Adds an event with the content of `json`, which must be an object.
inline Event add_event(Batch& batch, std::string_view json) {
  JsonReader reader;
  const auto document = reader.read(batch.arena().copy(json), batch);
  Event event = batch.add(Timestamp{0});
  event.merge_document(document.value().object());
  return event;
}

/// A plugin made from its text in a config: `mutate { ... }`.
template <typename Made, typename Common>
struct MadePlugin {
  MadePlugin(const DeclaredPlugin<Made, Common>& plugin, const std::string& text,
             EcsMode ecs = EcsMode::disabled, Registry codecs = {})
      : registry(std::move(codecs)), reading(config::read("filter { " + text + " }")) {
    info.ecs = ecs;
    info.host_name = "here";
    if (reading.diagnostics.has_errors()) return;
    const Maker maker{registry, info, reading.diagnostics};
    made = plugin.make(reading.plugin(0, 0), maker, "test", common);
  }

  /// nullptr: messages() say why.
  std::unique_ptr<Made> made;
  Common common;
  Registry registry;
  PipelineInfo info;
  config::Reading reading;

  std::string messages() const { return reading.messages(); }
};

using MadeCodec = MadePlugin<Codec, CommonCodecOptions>;
using MadeFilter = MadePlugin<Filter, CommonFilterOptions>;

/// What `decoder` makes of `messages`, what it holds back included.
inline std::vector<std::string> decoded(Decoder& decoder, const std::vector<std::string>& messages) {
  const auto batch = Batch::make();
  std::vector<std::string_view> views;
  for (const std::string& message : messages) views.push_back(batch->arena().copy(message));
  decoder.decode(views, *batch);
  decoder.flush(*batch);
  return as_json(*batch);
}

/// `event`, given as JSON, as `encoder` prints it.
inline std::string encoded(const Encoder& encoder, std::string_view event) {
  const auto batch = Batch::make();
  Buffer out;
  encoder.encode(add_event(*batch, event), out);
  return std::string(out.view());
}

/// What one call of a filter does to a batch of `events`.
struct Filtered {
  std::vector<std::string> events;  ///< those that go on, in order
  Selection matched;
};

inline Filtered filtered(Filter& filter, const std::vector<std::string>& events) {
  const auto batch = Batch::make();
  Selection all;
  for (const std::string& event : events) all.push_back(add_event(*batch, event).at());
  Filtered out;
  const auto scratch = filter.make_scratch();
  FilterRun run{*batch, all, scratch.get(), out.matched};
  filter.apply(run);
  const Batch& after = *batch;
  for (const std::uint32_t at : run.reshaped ? run.out : all)
    if (after.state(at) == EventState::live) out.events.push_back(as_json(after[at]));
  return out;
}

}  // namespace millrace
