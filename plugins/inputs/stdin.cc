#include "plugins/inputs/stdin.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "plugins/support/constant_fields.h"
#include "plugins/support/line_framer.h"

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
      const Wake wake = wait(emitter.stop(), waiting ? decoder->auto_flush() : std::nullopt);
      if (wake == Wake::stop) break;
      if (wake == Wake::quiet) {  // what is there counts as complete
        framer.finish();
        if (!emit_messages(framer, *decoder, emitter)) return {};
        flush(*decoder, emitter);
        continue;
      }
      const std::span<char> room = framer.room();
      const ssize_t got = read(STDIN_FILENO, room.data(), room.size());
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got < 0) return fail(Errc::io, std::string("cannot read: ") + std::strerror(errno));
      if (got == 0) break;
      framer.commit(static_cast<std::size_t>(got));
      if (!emit_messages(framer, *decoder, emitter)) return {};
    }
    framer.finish();  // what is left is a message although nothing ended it
    if (emit_messages(framer, *decoder, emitter)) flush(*decoder, emitter);
    return {};
  }

 private:
  enum class Wake { readable, quiet, stop };

  /// `quiet`: how long to wait for bytes at the most; nullopt: for ever.
  static Wake wait(const StopSignal& stop, std::optional<std::chrono::milliseconds> quiet) {
    pollfd waiting[] = {{STDIN_FILENO, POLLIN, 0}, {stop.fd(), POLLIN, 0}};
    const int ready = poll(waiting, 2, quiet ? static_cast<int>(quiet->count()) : -1);
    if (stop.requested()) return Wake::stop;
    return ready == 0 ? Wake::quiet : Wake::readable;
  }

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
