#include "plugins/inputs/beats/beats.h"

#include <algorithm>
#include <atomic>

#include "plugins/inputs/beats/server.h"

namespace millrace {
namespace {

using beats::BeatsOptions;

/// The codec as the config names it, and whether it leaves text alone that is UTF-8.
struct CodecName {
  std::string name = "plain";
  bool plain = true;
};

CodecName codec_name(const OptionPlaces& places) {
  const config::Value* const given = places.value("codec");
  if (!given) return {};
  if (!given->plugin) return {given->text, given->text == "plain"};
  const auto& attributes = given->plugin->attributes;
  const bool recodes = std::any_of(attributes.begin(), attributes.end(),
                                   [](const auto& option) { return option.name == "charset"; });
  return {given->plugin->name, given->plugin->name == "plain" && !recodes};
}

class BeatsInput : public Input {
 public:
  static std::unique_ptr<Input> create(BeatsOptions options, const PluginContext& context) {
    const CodecName codec = codec_name(context.places);
    bool good = beats::check(options, context);
    if (codec.name == "multiline") {
      context.error("codec", "multiline does not work with beats: lines of several files are mixed",
                    "join lines in the Beat: parsers, or multiline.*");
      good = false;
    }
    if (!good) return nullptr;
    return std::make_unique<BeatsInput>(std::move(options), codec, context);
  }

  BeatsInput(BeatsOptions options, const CodecName& codec, const PluginContext& context)
      : name_("beats input " + context.id),
        options_(std::move(options)),
        rules_(options_.enrichment(), context.ecs, context.codec, codec.name, codec.plain,
               beats::BadEvents(context.pipeline.dead_letters, context.id)) {}

  Result<void> run(Emitter& emitter) override {
    rules_.find_out_ids();
    auto server = beats::Server::create(name_, options_, rules_, emitter);
    if (!server) return fail(std::move(server).error());
    server_ = std::move(*server);
    started_ = server_.get();
    server_->start();
    while (emitter.stop().wait(std::chrono::hours(1))) {
    }
    server_->stop_reading();
    return {};
  }

  void acknowledged(SourcePosition position) noexcept override {
    if (beats::Server* const server = started_) server->acknowledged(position);
  }

  void close() override {
    if (server_) server_->end();
  }

 private:
  const std::string name_;
  const BeatsOptions options_;
  beats::EventRules rules_;
  std::unique_ptr<beats::Server> server_;
  std::atomic<beats::Server*> started_{nullptr};  // server_ for those on other threads
};

}  // namespace

InputPlugin beats_input() {
  return input_plugin("beats", "Events from Beats, acknowledged when they are delivered.",
                      beats::beats_options(), BeatsInput::create);
}

}  // namespace millrace
