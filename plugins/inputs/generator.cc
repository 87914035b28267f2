#include "plugins/inputs/generator.h"

#include <array>

#include "plugins/support/constant_fields.h"
#include "plugins/support/read_stdin.h"

namespace millrace {
namespace {

struct GeneratorOptions {
  std::string message = "Hello world!";
  std::optional<std::vector<std::string>> lines;
  std::int64_t count = 0;
};

/// "" where there is none.
Result<std::string> first_line_of_stdin(const StopSignal& stop) {
  LineFramer framer{Framing{}};
  while (framer.messages().empty()) {
    const auto said = read_stdin(framer, stop, std::nullopt);
    if (!said) return said.error();
    if (*said == StdinSaid::bytes) continue;
    framer.finish();
    break;
  }
  return framer.messages().empty() ? std::string() : std::string(framer.messages().front());
}

class GeneratorInput : public Input {
 public:
  GeneratorInput(GeneratorOptions options, const PluginContext& context)
      : reads_stdin_(!options.lines && options.message == "stdin"),
        rounds_(options.count),
        lines_(options.lines ? std::move(*options.lines) : std::vector{options.message}),
        codec_(context.codec),
        ecs_(context.ecs),
        host_name_(context.pipeline.host_name),
        sequence_(Names::intern("sequence")) {
    if (ecs_ == EcsMode::disabled)
      host_.add({"host"}, 0);
    else
      host_.add({"host", "name"}, 0);
  }

  static std::unique_ptr<Input> create(GeneratorOptions options, const PluginContext& context) {
    if (options.lines && options.lines->empty()) {
      context.error("lines", "is empty", "list at least one line, or leave it out");
      return nullptr;
    }
    return std::make_unique<GeneratorInput>(std::move(options), context);
  }

  Result<void> run(Emitter& emitter) override {
    if (reads_stdin_) {
      auto line = first_line_of_stdin(emitter.stop());
      if (!line) return std::move(line).error();
      lines_.front() = std::move(*line);
    }
    const auto decoder = codec_->message_decoder();
    while (!finished()) {
      if (emitter.stop().requested()) return {};
      auto batch = make_batch(*decoder, emitter.batch_size());
      if (!emitter.emit(std::move(batch), {0, next_})) return {};
    }
    auto batch = Batch::make();
    decoder->flush(*batch);
    complete(*batch, 0, rounds_ - 1);
    host_.put_into(*batch, std::array{std::string_view(host_name_)});
    emitter.emit(std::move(batch), {0, next_});
    return {};
  }

 private:
  /// The number of the round that the next message belongs to: what its event's sequence says.
  std::int64_t round() const { return static_cast<std::int64_t>(next_ / lines_.size()); }
  bool finished() const { return rounds_ > 0 && round() >= rounds_; }

  Batch::Ptr make_batch(Decoder& decoder, std::uint32_t size) {
    auto batch = Batch::make();
    texts_.clear();
    for (; texts_.size() < size && !finished(); ++next_) {
      const std::size_t made = texts_.size();
      texts_.push_back(made < lines_.size() ? batch->arena().copy(lines_[next_ % lines_.size()])
                                            : texts_[made - lines_.size()]);
      const std::uint32_t first = batch->size();
      decoder.decode({&texts_.back(), 1}, *batch);
      complete(*batch, first, round());
    }
    host_.put_into(*batch, std::array{std::string_view(host_name_)});
    return batch;
  }

  /// The sequence of the events from `first` on.
  void complete(Batch& batch, std::uint32_t first, std::int64_t sequence) const {
    for (std::uint32_t at = first; at < batch.size(); ++at) {
      Object* holder = &batch[at].fields();
      if (ecs_ != EcsMode::disabled) {
        Value& event = holder->slot(batch.arena(), name::event);
        if (event.is_null()) event = Value::of(Object::make(batch.arena(), 4));
        if (!event.is_object()) continue;
        batch.own(event);
        holder = &event.object();
      }
      holder->slot(batch.arena(), sequence_) = Value::of(sequence);
    }
  }

  const bool reads_stdin_;
  const std::int64_t rounds_;  // 0 or less: no end
  std::vector<std::string> lines_;
  const std::shared_ptr<const Codec> codec_;
  const EcsMode ecs_;
  const std::string host_name_;
  const NameId sequence_;
  ConstantFields host_;
  std::uint64_t next_ = 0;               // messages so far
  std::vector<std::string_view> texts_;  // of the batch that is being made
};

}  // namespace

InputPlugin generator_input() {
  using O = GeneratorOptions;
  return input_plugin(
      "generator", "Makes up events from fixed lines, as fast as the pipeline takes them.",
      Options<O>()
          .add("message", &O::message,
               "The text of every event. \"stdin\": one line is read from standard input at the "
               "start.")
          .add("lines", &O::lines, "Texts to go through in turn, instead of `message`.")
          .add("count", &O::count,
               "How often each text is made into an event; 0 or less: without end."),
      GeneratorInput::create);
}

}  // namespace millrace
