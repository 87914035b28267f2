#include "plugins/outputs/elasticsearch/output.h"

#include <fstream>
#include <sstream>

#include "pipeline/event/json_read.h"
#include "plugins/outputs/elasticsearch/sender.h"

namespace millrace {
namespace {

using elasticsearch::RawOptions;

class ElasticsearchOutput : public Output {
 public:
  ElasticsearchOutput(elasticsearch::Settings settings, std::shared_ptr<DeadLetters> dead_letters)
      : settings_(std::move(settings)),
        dead_letters_(std::move(dead_letters)),
        encoder_(settings_.actions) {}

  static std::unique_ptr<Output> create(RawOptions options, const PluginContext& context) {
    auto settings = elasticsearch::compile(std::move(options), context);
    if (!settings) return nullptr;
    return std::make_unique<ElasticsearchOutput>(std::move(*settings),
                                                 context.pipeline.dead_letters);
  }

  Result<void> open() override {
    if (auto read = read_template(); !read) return read;
    auto sender = elasticsearch::Sender::create(settings_, dead_letters_);
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

  std::string report() const override { return sender_ ? sender_->report() : std::string(); }

  Result<void> close(const StopSignal& stop) override {
    if (sender_) sender_->finish(stop);
    return {};
  }

 private:
  /// The user's template, which must be JSON.
  Result<void> read_template() {
    const std::string& path = settings_.bootstrap.template_file;
    if (path.empty()) return {};
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return fail(Errc::io, "template: " + path + ": cannot be read");
    const Batch::Ptr batch = Batch::make();
    JsonReader reader;
    const auto document = reader.read(batch->arena().copy(text.str()), *batch);
    if (!document)
      return fail(Errc::invalid, "template: " + path + ": " + document.error().message);
    if (!document->is_object())
      return fail(Errc::invalid, "template: " + path + ": no JSON object");
    settings_.bootstrap.template_body = text.str();
    return {};
  }

  elasticsearch::Settings settings_;
  const std::shared_ptr<DeadLetters> dead_letters_;
  const elasticsearch::ActionEncoder encoder_;
  std::unique_ptr<elasticsearch::Sender> sender_;
};

}  // namespace

OutputPlugin elasticsearch_output() {
  return output_plugin("elasticsearch", "Stores events in Elasticsearch and OpenSearch.",
                       elasticsearch::option_table(), ElasticsearchOutput::create);
}

}  // namespace millrace
