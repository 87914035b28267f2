#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pipeline/plugin/input.h"
#include "tests/unit/support/plugin_harness.h"

namespace millrace {

/// Stands for a pipeline that delivers every batch at once: what an input emits, seen and, unless a
/// test says otherwise, acknowledged.
class FakeEmitter : public Emitter {
 public:
  explicit FakeEmitter(Input& input) : input_(input) {}

  bool emit(Batch::Ptr batch, SourcePosition position) override {
    if (emitted_ == takes) return false;
    ++emitted_;
    positions.push_back(position);
    for (std::uint32_t at = 0; at < batch->size(); ++at) {
      const Value* message = (*batch)[at].get(name::message);
      messages.emplace_back(message && message->is_string() ? message->text() : "");
    }
    for (std::string& event : as_json(*batch)) events.push_back(std::move(event));
    if (acknowledges) input_.acknowledged(position);
    if (on_batch) on_batch();
    return true;
  }
  const StopSignal& stop() const override { return stop_; }
  std::uint32_t batch_size() const override { return most; }
  std::chrono::milliseconds batch_delay() const override { return std::chrono::milliseconds(50); }

  void request_stop() { stop_.request(); }

  std::uint32_t most = 125;         ///< events of a batch
  std::size_t takes = SIZE_MAX;     ///< batches; then emit() says that the pipeline stops
  bool acknowledges = true;
  std::function<void()> on_batch;   ///< after each batch: where a test acts
  std::vector<SourcePosition> positions;
  std::vector<std::string> messages;  ///< `message` of each event
  std::vector<std::string> events;    ///< as as_json() prints them

 private:
  Input& input_;
  StopSignal stop_;
  std::size_t emitted_ = 0;
};

using MadeInput = MadePlugin<Input, CommonInputOptions>;

}  // namespace millrace
