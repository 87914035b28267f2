#include "plugins/outputs/kafka/output.h"

#include "plugins/outputs/kafka/sender.h"

namespace millrace {
namespace {

using kafka::out::RawOptions;

class KafkaOutput : public Output {
 public:
  KafkaOutput(kafka::out::Compiled compiled, std::shared_ptr<DeadLetters> dead_letters)
      : settings_(std::move(compiled.settings)),
        encoder_(std::move(compiled.record)),
        dead_letters_(std::move(dead_letters)) {}

  static std::unique_ptr<Output> create(RawOptions options, const PluginContext& context) {
    auto compiled = kafka::out::compile(std::move(options), context);
    if (!compiled) return nullptr;
    return std::make_unique<KafkaOutput>(std::move(*compiled), context.pipeline.dead_letters);
  }

  Result<void> open() override {
    auto sender = kafka::out::Sender::create(settings_, encoder_, dead_letters_);
    if (!sender) return fail(std::move(sender).error());
    sender_ = std::move(*sender);
    return {};
  }

  std::unique_ptr<Parcel> prepare(const Batch& batch,
                                  std::span<const std::uint32_t> events) const override {
    return encoder_.encode(batch, events);
  }

  Result<void> write(Delivery delivery, const StopSignal& stop) override {
    sender_->put(std::move(delivery), stop);
    return {};
  }

  Result<void> close(const StopSignal& stop) override {
    if (sender_) sender_->finish(stop);
    return {};
  }

 private:
  const kafka::out::Settings settings_;
  const kafka::out::RecordEncoder encoder_;
  const std::shared_ptr<DeadLetters> dead_letters_;
  std::unique_ptr<kafka::out::Sender> sender_;
};

}  // namespace

OutputPlugin kafka_output() {
  return output_plugin("kafka", "Sends events to Kafka.", kafka::out::option_table(),
                       KafkaOutput::create);
}

}  // namespace millrace
