#include "plugins/codecs/json.h"

#include "plugins/support/json_codec.h"
#include "plugins/support/text_codec.h"

namespace millrace {
namespace {

struct JsonOptions {
  std::string charset = "UTF-8";
  std::string target;
};

/// JSON documents: a message holds one. Of a stream, each line does.
class JsonCodec : public Codec {
 public:
  static std::unique_ptr<Codec> create(JsonOptions options, const PluginContext& context) {
    const auto charset = read_charset(options.charset, context);
    std::optional<FieldRef> target;
    if (!read_target(options.target, context, target) || !charset) return nullptr;
    return std::make_unique<JsonCodec>(*charset, std::move(target), context.ecs);
  }

  JsonCodec(Charset charset, std::optional<FieldRef> target, EcsMode ecs)
      : charset_(std::move(charset)), target_(std::move(target)), ecs_(ecs) {}

  std::unique_ptr<Decoder> message_decoder() const override {
    return std::make_unique<JsonDecoder>(charset_, target_, ecs_);
  }
  std::unique_ptr<Encoder> encoder() const override { return std::make_unique<JsonEncoder>(""); }

 private:
  const Charset charset_;
  const std::optional<FieldRef> target_;
  const EcsMode ecs_;
};

}  // namespace

CodecPlugin json_codec() {
  using O = JsonOptions;
  return codec_plugin(
      "json", "JSON documents, nothing between them.",
      Options<O>()
          .add("charset", &O::charset, "Character encoding of the documents.")
          .add("target", &O::target, "Field that gets the document; without it, the event is it."),
      JsonCodec::create);
}

}  // namespace millrace
