#include "plugins/codecs/plain.h"

#include "plugins/support/text_codec.h"

namespace millrace {
namespace {

struct PlainOptions {
  std::optional<std::string> format;
  std::string charset = "UTF-8";
};

/// Text as it is: a message is an event. Of a stream, each line is a message.
class PlainCodec : public Codec {
 public:
  static std::unique_ptr<Codec> create(PlainOptions options, const PluginContext& context) {
    const auto charset = read_charset(options.charset, context);
    const auto format = read_format(options.format, context);
    if (!charset || !format) return nullptr;
    return std::make_unique<PlainCodec>(*charset, *format, context.ecs);
  }

  PlainCodec(Charset charset, EventText format, EcsMode ecs)
      : charset_(std::move(charset)), format_(std::move(format)), ecs_(ecs) {}

  std::unique_ptr<Decoder> message_decoder() const override {
    return std::make_unique<TextDecoder>(charset_, ecs_);
  }
  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<TextEncoder>(format_, "");
  }

 private:
  const Charset charset_;
  const EventText format_;
  const EcsMode ecs_;
};

}  // namespace

CodecPlugin plain_codec() {
  using O = PlainOptions;
  return codec_plugin(
      "plain", "Text without structure, nothing between events.",
      Options<O>()
          .add("format", &O::format, "Template for encoding; without it time, host and message.")
          .add("charset", &O::charset, "Character encoding of the messages."),
      PlainCodec::create);
}

}  // namespace millrace
