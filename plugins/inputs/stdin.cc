#include "plugins/inputs/stdin.h"

#include <algorithm>
#include <array>

#include "plugins/support/constant_fields.h"
#include "plugins/support/read_stdin.h"

namespace millrace {
namespace {

struct StdinOptions {};

class StdinInput : public Input {
 public:
  StdinInput(const PluginContext& context)
      : codec_(context.codec), host_name_(context.pipeline.host_name) {
    if (context.ecs == EcsMode::disabled)
      host_.add({"host"}, 0);
    else
      host_.add({"host", "hostname"}, 0);
  }

  static std::unique_ptr<Input> create(StdinOptions, const PluginContext& context) {
    return std::make_unique<StdinInput>(context);
  }

  Result<void> run(Emitter& emitter) override {
    LineFramer framer(codec_->framing());
    const auto decoder = codec_->stream_decoder();
    for (;;) {
      const bool waiting = decoder->held_messages() > 0 || framer.unfinished() > 0;
      const auto said =
          read_stdin(framer, emitter.stop(), waiting ? decoder->auto_flush() : std::nullopt);
      if (!said) return said.error();
      if (*said == StdinSaid::end || *said == StdinSaid::stop) break;
      if (*said == StdinSaid::quiet) framer.finish();  // what is there counts as complete
      if (!emit_messages(framer, *decoder, emitter)) return {};
      if (*said == StdinSaid::quiet) flush(*decoder, emitter);
    }
    framer.finish();  // what is left is a message although nothing ended it
    if (emit_messages(framer, *decoder, emitter)) flush(*decoder, emitter);
    return {};
  }

 private:
  bool emit_messages(const LineFramer& framer, Decoder& decoder, Emitter& emitter) {
    const std::size_t count = framer.messages().size();
    for (std::size_t first = 0; first < count;) {
      const std::size_t some = std::min<std::size_t>(count - first, emitter.batch_size());
      auto batch = Batch::make();
      framer.decode(first, some, decoder, *batch);
      if (!emit(std::move(batch), emitter)) return false;
      first += some;
    }
    return true;
  }

  void flush(Decoder& decoder, Emitter& emitter) {
    auto batch = Batch::make();
    decoder.flush(*batch);
    emit(std::move(batch), emitter);
  }

  /// A pipe cannot be read twice: positions only count batches.
  bool emit(Batch::Ptr batch, Emitter& emitter) {
    if (batch->empty()) return true;
    host_.put_into(*batch, std::array{std::string_view(host_name_)});
    return emitter.emit(std::move(batch), {0, ++batches_});
  }

  const std::shared_ptr<const Codec> codec_;
  const std::string host_name_;
  ConstantFields host_;
  std::uint64_t batches_ = 0;
};

}  // namespace

InputPlugin stdin_input() {
  return input_plugin("stdin", "Reads events from standard input until it ends.",
                      Options<StdinOptions>(), StdinInput::create, "line");
}

}  // namespace millrace
