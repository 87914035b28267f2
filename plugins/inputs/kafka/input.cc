#include "plugins/inputs/kafka/input.h"

#include "plugins/inputs/kafka/member.h"

namespace millrace {
namespace {

class KafkaInput : public Input {
 public:
  explicit KafkaInput(kafka::in::Settings settings) : settings_(std::move(settings)) {}

  static std::unique_ptr<Input> create(kafka::in::RawOptions options,
                                       const PluginContext& context) {
    auto settings = kafka::in::compile(std::move(options), context);
    if (!settings) return nullptr;
    return std::make_unique<KafkaInput>(std::move(*settings));
  }

  Result<void> run(Emitter& emitter) override {
    for (std::size_t i = 0; i < settings_.threads; ++i) {
      auto member = kafka::in::Member::create(settings_, i, names_, partitions_, emitter);
      if (!member) return fail(std::move(member).error());
      members_.push_back(std::move(*member));
    }
    for (const auto& member : members_) member->start();
    while (emitter.stop().wait(std::chrono::hours(1))) {
    }
    for (const auto& member : members_) member->stop_emitting();
    return {};
  }

  void acknowledged(SourcePosition position) noexcept override { partitions_.delivered(position); }

  void close() override { members_.clear(); }

 private:
  const kafka::in::Settings settings_;
  const kafka::in::MetadataNames names_{};
  kafka::in::Partitions partitions_;
  std::vector<std::unique_ptr<kafka::in::Member>> members_;
};

}  // namespace

InputPlugin kafka_input() {
  return input_plugin("kafka", "Reads records of Kafka topics as a member of a consumer group.",
                      kafka::in::option_table(), KafkaInput::create);
}

}  // namespace millrace
