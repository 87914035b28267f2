#include "plugins/outputs/null.h"

namespace millrace {
namespace {

struct NullOptions {};

class NullOutput : public Output {
 public:
  static std::unique_ptr<Output> create(NullOptions, const PluginContext&) {
    return std::make_unique<NullOutput>();
  }
  Result<void> write(Delivery delivery, const StopSignal&) override {
    delivery.settle(Verdict::delivered);
    return {};
  }
};

}  // namespace

OutputPlugin null_output(std::string name) {
  return output_plugin(std::move(name), "Takes every event and throws it away.",
                       Options<NullOptions>(), NullOutput::create);
}

}  // namespace millrace
