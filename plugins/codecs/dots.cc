#include "plugins/codecs/dots.h"

#include "plugins/support/text_codec.h"

namespace millrace {
namespace {

struct DotsOptions {};

class DotsEncoder : public Encoder {
 public:
  void encode(const ConstEvent&, Buffer& out) const override { out.push_back('.'); }
};

/// A dot for each event, to see that something happens. What it decodes is text.
class DotsCodec : public Codec {
 public:
  static std::unique_ptr<Codec> create(DotsOptions, const PluginContext& context) {
    return std::make_unique<DotsCodec>(context.ecs);
  }
  explicit DotsCodec(EcsMode ecs) : ecs_(ecs) {}

  std::unique_ptr<Decoder> message_decoder() const override {
    return std::make_unique<TextDecoder>(Charset(), ecs_);
  }
  std::unique_ptr<Encoder> encoder() const override { return std::make_unique<DotsEncoder>(); }

 private:
  const EcsMode ecs_;
};

}  // namespace

CodecPlugin dots_codec() {
  return codec_plugin("dots", "One dot for each event, for outputs.", Options<DotsOptions>(),
                      DotsCodec::create);
}

}  // namespace millrace
