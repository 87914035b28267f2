#include "plugins/codecs/line.h"

#include "plugins/support/text_codec.h"

namespace millrace {
namespace {

struct LineOptions {
  std::optional<std::string> format;
  std::string charset = "UTF-8";
  std::string delimiter = "\n";
};

/// Lines of text: each is an event.
class LineCodec : public Codec {
 public:
  static std::unique_ptr<Codec> create(LineOptions options, const PluginContext& context) {
    const auto charset = read_charset(options.charset, context);
    const auto format = read_format(options.format, context);
    if (!check_delimiter(options.delimiter, context) || !charset || !format) return nullptr;
    return std::make_unique<LineCodec>(std::move(options.delimiter), *charset, *format,
                                       context.ecs);
  }

  LineCodec(std::string delimiter, Charset charset, EventText format, EcsMode ecs)
      : delimiter_(std::move(delimiter)),
        charset_(std::move(charset)),
        format_(std::move(format)),
        ecs_(ecs) {}

  std::unique_ptr<Decoder> message_decoder() const override {
    return std::make_unique<SplittingDecoder>(delimiter_, stream_decoder());
  }
  std::unique_ptr<Decoder> stream_decoder() const override {
    return std::make_unique<TextDecoder>(charset_, ecs_);
  }
  Framing framing() const override { return {.delimiter = delimiter_}; }
  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<TextEncoder>(format_, delimiter_);
  }

 private:
  const std::string delimiter_;
  const Charset charset_;
  const EventText format_;
  const EcsMode ecs_;
};

}  // namespace

CodecPlugin line_codec() {
  using O = LineOptions;
  return codec_plugin(
      "line", "Lines of text.",
      Options<O>()
          .add("format", &O::format, "Template for encoding; without it time, host and message.")
          .add("charset", &O::charset, "Character encoding of the lines.")
          .add("delimiter", &O::delimiter, "What ends a line."),
      LineCodec::create);
}

}  // namespace millrace
