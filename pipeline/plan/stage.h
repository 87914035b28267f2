#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/plan/condition.h"
#include "pipeline/plan/decorate.h"
#include "pipeline/plugin/filter.h"

namespace millrace {

/// The scratch memory of one worker, by stage number.
using StageScratch = std::vector<std::unique_ptr<FilterScratch>>;

/// A batch on its way through the stages.
struct StageRun {
  Batch& batch;
  Selection selection;  ///< the events that are here now, in leaving order
  StageScratch& scratch;
  std::vector<Selection>& routes;  ///< for each output, what goes there
};

/// One step of a plan: a whole selection goes through at once.
class Stage {
 public:
  virtual ~Stage() = default;
  /// Takes run.selection in and leaves in it what goes on to the next stage.
  virtual void run(StageRun& run) const = 0;
  /// Appends one line for itself and its parts, indented by `depth`.
  virtual void describe(std::string& out, int depth) const = 0;
};

using Stages = std::vector<std::unique_ptr<Stage>>;

inline void run_all(const Stages& stages, StageRun& run) {
  for (const auto& stage : stages) {
    if (run.selection.empty()) return;
    stage->run(run);
  }
}

/// A filter plugin with its common options and counters.
class FilterStage : public Stage {
 public:
  struct Counters {
    std::atomic<std::uint64_t> in{0};
    std::atomic<std::uint64_t> out{0};
    std::atomic<std::uint64_t> nanoseconds{0};
  };

  /// `number`: its slot in StageScratch. `counted`: enable_metric.
  FilterStage(std::string name, std::string id, std::unique_ptr<Filter> filter,
              Decorations decorations, std::size_t number, bool counted);

  void run(StageRun& run) const override;
  void describe(std::string& out, int depth) const override;
  std::unique_ptr<FilterScratch> make_scratch() const { return filter_->make_scratch(); }
  std::size_t number() const { return number_; }
  const std::string& id() const { return id_; }
  /// nullptr: nobody wants them.
  const Counters* counters() const { return counted_ ? &counters_ : nullptr; }
  /// What the filter itself counted, as lines.
  std::vector<std::string> own_counts() const { return filter_->counts(); }

 private:
  void work(StageRun& run) const;

  const std::string name_;
  const std::string id_;
  const std::unique_ptr<Filter> filter_;
  const Decorations decorations_;
  const std::string failure_tag_;
  const std::size_t number_;
  const bool counted_;
  mutable Counters counters_;
};

/// if / else if / else: the selection is divided, each part runs its arm, and what is left of the
/// parts joins again in order.
class BranchStage : public Stage {
 public:
  struct Arm {
    std::unique_ptr<Condition> condition;  ///< nullptr: else
    std::string text;                      ///< as written
    Stages body;
  };
  explicit BranchStage(std::vector<Arm> arms) : arms_(std::move(arms)) {}

  void run(StageRun& run) const override;
  void describe(std::string& out, int depth) const override;

 private:
  std::vector<Arm> arms_;
};

/// Copies the selection to an output.
class RouteStage : public Stage {
 public:
  RouteStage(std::string name, std::string id, std::size_t output)
      : name_(std::move(name)), id_(std::move(id)), output_(output) {}

  void run(StageRun& run) const override;
  void describe(std::string& out, int depth) const override;

 private:
  const std::string name_;
  const std::string id_;
  const std::size_t output_;
};

}  // namespace millrace
