#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <utility>

#include "pipeline/delivery/ledger.h"
#include "pipeline/event/batch.h"

namespace millrace {

/// What an output made of a batch's events ahead of its turn: encoded bytes, requests.
class Parcel {
 public:
  virtual ~Parcel() = default;
};

/// A batch on its way to one or more outputs. Counts for each event how many outputs still owe a
/// verdict; the last one settles the event's receipt and the books, the last delivery frees the
/// batch. Thread-safe.
class Dispatch {
 public:
  /// `batch` has all its events' receipts set. Events that are in none of the selections (dropped,
  /// replaced, wanted by no output) are settled here. `wanted`: one selection for each output that
  /// takes part.
  static std::vector<class Delivery> split(Batch::Ptr batch, std::uint32_t arrived,
                                           std::vector<Selection> wanted,
                                           std::vector<LedgerCounters*> outputs,
                                           LedgerCounters& pipeline);

 private:
  friend class Delivery;
  Dispatch(Batch::Ptr batch, LedgerCounters& pipeline)
      : batch_(std::move(batch)), pipeline_(pipeline) {}
  void settle_unwanted(std::uint32_t arrived, std::span<const Selection> wanted);
  void settle(std::span<const std::uint32_t> events, Verdict verdict);
  void settle_receipts(std::span<const std::uint32_t> events);

  Batch::Ptr batch_;
  LedgerCounters& pipeline_;
  // One byte an event where several outputs share the batch: verdict * 64 + outputs that still owe
  // one; nullptr with one output.
  std::unique_ptr<std::atomic<std::uint16_t>[]> owed_;
};

/// An output's share of a batch: the events to deliver, and the duty to say what became of each,
/// once. Moves, does not copy.
///
/// What a Delivery still holds when it is destroyed is not settled: the events stay in flight,
/// their source's position does not move, and they come again after a restart. Unknown is never
/// success.
class Delivery {
 public:
  Delivery(Delivery&&) noexcept = default;
  Delivery& operator=(Delivery&&) noexcept = default;

  const Batch& batch() const { return *dispatch_->batch_; }
  /// Those that are not settled yet, in order.
  std::span<const std::uint32_t> events() const { return events_; }

  /// All that remain have this verdict.
  void settle(Verdict verdict);
  /// Some of events() have it; `settled` is in the same order.
  void settle(std::span<const std::uint32_t> settled, Verdict verdict);

  /// What the output's prepare() returned for these events; may be null.
  std::unique_ptr<Parcel> parcel;

  /// Bytes that it pins.
  std::size_t footprint() const { return batch().footprint(); }

 private:
  friend class Dispatch;
  Delivery(std::shared_ptr<Dispatch> dispatch, Selection events, LedgerCounters& output)
      : dispatch_(std::move(dispatch)), events_(std::move(events)), output_(&output) {}

  std::shared_ptr<Dispatch> dispatch_;
  Selection events_;
  LedgerCounters* output_;
};

}  // namespace millrace
