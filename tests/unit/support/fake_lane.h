#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pipeline/plugin/output.h"
#include "tests/unit/support/plugin_harness.h"

namespace millrace {

using MadeOutput = MadePlugin<Output, CommonOutputOptions>;

/// Stands for a pipeline that has one output: hands it batches as a worker and a lane do, and
/// counts what is settled.
class FakeLane : private Acknowledged {
 public:
  /// A batch of `events`, each given as JSON. Batches have the positions 1, 2, 3, ...
  Result<void> write(Output& output, const std::vector<std::string>& events) {
    auto batch = Batch::make();
    Selection all;
    for (const std::string& event : events) all.push_back(add_event(*batch, event).at());
    const std::uint32_t size = batch->size();
    Receipt* const receipt = receipts_.open({0, ++batches_}, size);
    for (const std::uint32_t at : all) batch->set_receipt(at, receipt);
    pipeline_.came_in(size);
    auto parcel = output.prepare(*batch, all);
    auto deliveries = Dispatch::split(std::move(batch), size, {all}, {&counters_}, pipeline_);
    deliveries.at(0).parcel = std::move(parcel);
    return output.write(std::move(deliveries.at(0)), give_up);
  }

  std::uint64_t delivered() const { return counters_.snapshot().delivered; }
  /// Up to here all is settled.
  std::uint64_t position() const { return position_; }

  StopSignal give_up;

 private:
  void acknowledged(SourcePosition position) noexcept override { position_ = position.position; }

  std::uint64_t position_ = 0;
  Receipts receipts_{*this};
  LedgerCounters pipeline_;
  LedgerCounters counters_;
  std::uint64_t batches_ = 0;
};

}  // namespace millrace
