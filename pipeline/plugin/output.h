#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "pipeline/delivery/delivery.h"
#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"

namespace millrace {

/// A destination. Created from options while the config is loaded (no side effects yet).
///
/// prepare() runs on the workers; everything else runs on the output's own thread, so a slow
/// destination holds back only its own deliveries, of which a bounded number of bytes wait.
class Output {
 public:
  virtual ~Output() = default;

  /// Before the first event. Errors end the start of the pipeline (exit status 2). A destination
  /// that is merely down is no error.
  virtual Result<void> open() { return {}; }

  /// The CPU work for `events` of `batch`, ahead of their turn: encoding. Thread-safe. nullptr:
  /// nothing to prepare.
  virtual std::unique_ptr<Parcel> prepare(const Batch& /*batch*/,
                                          std::span<const std::uint32_t> /*events*/) const {
    return nullptr;
  }

  /// Delivers, in the order in which the events came in. May settle now, or keep the delivery and
  /// settle it later from any thread. A destination that is down is tried again for ever, with
  /// backoff; `stop` tells when the process gives up on what is left, and then the delivery is let
  /// go unsettled, which is no error.
  ///
  /// Errors, here as in flush() and close(): the destination is gone for good, so that neither time
  /// nor an operator can bring it back (the reader of a pipe ended). The pipeline says so, stops
  /// its inputs and ends with exit status 2. Nothing of the output is called any more: what it
  /// holds unsettled when it is destroyed comes again after a restart.
  virtual Result<void> write(Delivery delivery, const StopSignal& stop) = 0;

  /// When flush() should be called if nothing else is written by then; nullopt: nothing is held
  /// back.
  virtual std::optional<std::chrono::steady_clock::time_point> flush_due() const {
    return std::nullopt;
  }
  /// Delivers and settles what is held back. Where the process gives up it stays unsettled.
  virtual Result<void> flush(const StopSignal& /*stop*/) { return {}; }

  /// On one line, for the ledger's report: what the destination was asked and what it answered. Any
  /// thread, after open(). "": nothing to say.
  virtual std::string report() const { return {}; }

  /// No more deliveries will come: flush, settle, let go of files and connections.
  virtual Result<void> close(const StopSignal& stop) { return flush(stop); }
};

}  // namespace millrace
