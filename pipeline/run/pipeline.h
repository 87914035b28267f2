#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "pipeline/delivery/ledger.h"
#include "pipeline/plan/plan.h"
#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"
#include "pipeline/run/batch_queue.h"
#include "pipeline/run/lane.h"

namespace millrace {

struct PipelineSettings {
  std::string id = "main";
  std::size_t workers = 1;
  std::uint32_t batch_size = 1000;  ///< events
  std::chrono::milliseconds batch_delay{50};
  bool ordered = true;
  std::size_t max_queue_bytes = std::size_t{4} << 20;   ///< between inputs and workers
  std::size_t max_output_bytes = std::size_t{8} << 20;  ///< waiting for one output
  /// What the plan's plugins were given; opened and closed with the pipeline.
  std::shared_ptr<DeadLetters> dead_letters = counting_dead_letters("dead letters");
};

/// A running plan: a thread for each input, the workers, a lane for each output.
///
/// Life: create, start(), wait(). stop() and give_up() may come from any thread in between.
class Pipeline {
 public:
  Pipeline(std::unique_ptr<Plan> plan, PipelineSettings settings);
  ~Pipeline();

  /// Opens the outputs and starts all threads. Errors: an output cannot be opened; nothing runs
  /// then.
  Result<void> start();

  /// Asks the inputs to end; what is in flight is delivered.
  void stop();
  /// Ends at once: what no output has confirmed stays unconfirmed, and its position is not stored.
  void give_up();

  /// Returns when all inputs have ended and everything is delivered or given up. Errors: the first
  /// of what ended the pipeline, an input that died or an output whose destination is gone for
  /// good; it is in the log already.
  Result<void> wait();

  /// wait() gives an error, or will. From any thread.
  bool died() const {
    const std::lock_guard lock(death_mutex_);
    return death_.has_value();
  }

  const Ledger& ledger() const { return ledger_; }
  const Plan& plan() const { return *plan_; }
  const std::string& id() const { return settings_.id; }
  const DeadLetters& dead_letters() const { return *settings_.dead_letters; }
  /// Bytes between inputs and workers.
  std::size_t queued_bytes() const { return queue_.bytes(); }

 private:
  class Source;

  /// Something cannot go on: the inputs end. From any thread. `who`: "input ID died".
  void die(std::string_view who, Error error);
  void run_worker();
  void hand_over(NumberedBatch batch, std::uint32_t arrived, std::vector<Selection> routes);

  const PipelineSettings settings_;
  std::unique_ptr<Plan> plan_;
  Ledger ledger_;
  std::vector<Ledger::Account*> output_accounts_;
  StopSignal stop_;
  StopSignal give_up_;
  BatchQueue queue_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::thread> workers_;
  mutable std::mutex death_mutex_;
  std::optional<Error> death_;  // guarded by death_mutex_: the first
};

}  // namespace millrace
