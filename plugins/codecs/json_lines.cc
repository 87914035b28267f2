#include "plugins/codecs/json_lines.h"

#include "plugins/support/json_codec.h"
#include "plugins/support/text_codec.h"

namespace millrace {
namespace {

struct JsonLinesOptions {
  std::string charset = "UTF-8";
  std::string delimiter = "\n";
  std::size_t decode_size_limit_bytes = std::size_t{512} << 20;
  std::string target;
};

/// JSON documents, one on each line.
class JsonLinesCodec : public Codec {
 public:
  static std::unique_ptr<Codec> create(JsonLinesOptions options, const PluginContext& context) {
    const auto charset = read_charset(options.charset, context);
    std::optional<FieldRef> target;
    const bool good = read_target(options.target, context, target);
    if (!check_delimiter(options.delimiter, context) || !good || !charset) return nullptr;
    return std::make_unique<JsonLinesCodec>(
        Framing{.delimiter = options.delimiter, .max_bytes = options.decode_size_limit_bytes},
        *charset, std::move(target), context.ecs);
  }

  JsonLinesCodec(Framing framing, Charset charset, std::optional<FieldRef> target, EcsMode ecs)
      : framing_(std::move(framing)),
        charset_(std::move(charset)),
        target_(std::move(target)),
        ecs_(ecs) {}

  std::unique_ptr<Decoder> message_decoder() const override {
    return std::make_unique<SplittingDecoder>(framing_.delimiter, stream_decoder());
  }
  std::unique_ptr<Decoder> stream_decoder() const override {
    return std::make_unique<JsonDecoder>(charset_, target_, ecs_);
  }
  Framing framing() const override { return framing_; }
  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<JsonEncoder>(framing_.delimiter);
  }

 private:
  const Framing framing_;
  const Charset charset_;
  const std::optional<FieldRef> target_;
  const EcsMode ecs_;
};

}  // namespace

CodecPlugin json_lines_codec() {
  using O = JsonLinesOptions;
  return codec_plugin(
      "json_lines", "JSON documents, one on each line.",
      Options<O>()
          .add("charset", &O::charset, "Character encoding of the documents.")
          .add("delimiter", &O::delimiter, "What ends a line.")
          .add("decode_size_limit_bytes", &O::decode_size_limit_bytes,
               "A longer line is cut here; its pieces are kept and tagged.", at_least(1))
          .add("target", &O::target, "Field that gets the document; without it, the event is it."),
      JsonLinesCodec::create);
}

}  // namespace millrace
