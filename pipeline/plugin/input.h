#pragma once

#include <memory>

#include "pipeline/delivery/receipt.h"
#include "pipeline/event/batch.h"
#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"

namespace millrace {

/// An input's way into its pipeline.
class Emitter {
 public:
  virtual ~Emitter() = default;

  /// Hands the events of `batch` over; they end at `position` of the source. Adds the input's
  /// `type`, `tags` and `add_field`. Blocks while the pipeline's queue is full: that is how
  /// backpressure reaches the source. False: the pipeline is stopping, the batch was not taken and
  /// its position will not be acknowledged. An empty batch acknowledges the position once
  /// everything before it is settled.
  virtual bool emit(Batch::Ptr batch, SourcePosition position) = 0;

  /// Requested when the input shall end: finish or give back what is half read, and return from
  /// run().
  virtual const StopSignal& stop() const = 0;

  /// Events that one batch should hold at the most (pipeline.batch.size).
  virtual std::uint32_t batch_size() const = 0;
  /// How long a batch that is not full should wait for more (pipeline.batch.delay).
  virtual std::chrono::milliseconds batch_delay() const = 0;
};

/// A source of events. Created from options while the config is loaded (no side effects yet), run
/// on a thread of its own.
class Input : public Acknowledged {
 public:
  /// Returns when the source has ended or a stop is requested; an error ends the pipeline with exit
  /// status 2. A source that is down is no error: try again for ever, with backoff, until
  /// emitter.stop().
  virtual Result<void> run(Emitter& emitter) = 0;

  /// emit() waits for room, which can take as long as a destination is down: comes a few times a
  /// second meanwhile, on the thread that called emit(). An input that stores positions stores what
  /// is acknowledged by now; it must not emit.
  virtual void held_up() {}

  /// Most inputs have no position to store.
  void acknowledged(SourcePosition) noexcept override {}

  /// After run() has returned and everything that will be settled is: the last chance to store
  /// positions.
  virtual void close() {}
};

}  // namespace millrace
