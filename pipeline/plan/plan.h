#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/config/ast.h"
#include "pipeline/delivery/delivery.h"
#include "pipeline/plan/stage.h"
#include "pipeline/plugin/registry.h"

namespace millrace {

/// An input with its common options.
struct PlannedInput {
  std::string id;
  std::string name;
  std::unique_ptr<Input> input;
  CommonInputOptions common;
};

struct PlannedOutput {
  std::string id;
  std::string name;
  std::unique_ptr<Output> output;
};

/// A configuration made executable: inputs, filter stages, outputs and the conditions around them.
/// Immutable once built, apart from what its plugins guard themselves; all workers run the same
/// plan.
class Plan {
 public:
  /// Builds everything that `config` says, without side effects. nullptr: the diagnostics of
  /// `maker` say why, all of it. `sources`: what `config` was read from, for the text of
  /// conditions.
  static std::unique_ptr<Plan> build(const config::Config& config, const config::SourceSet& sources,
                                     const Maker& maker);

  /// One input that does all of the work and emits nothing; `id` is its name, too.
  static std::unique_ptr<Plan> of(const std::string& id, std::unique_ptr<Input> input);

  /// What one worker needs to run it.
  class Worker {
   public:
    explicit Worker(const Plan& plan);

    /// Runs the filters over `batch`, then decides which events go where: one selection for each
    /// output, in the plan's order.
    std::vector<Selection> run(Batch& batch);

   private:
    const Plan& plan_;
    StageScratch scratch_;
  };

  std::vector<PlannedInput>& inputs() { return inputs_; }
  std::vector<PlannedOutput>& outputs() { return outputs_; }
  const std::vector<PlannedOutput>& outputs() const { return outputs_; }

  /// The plan as a tree for people, one stage a line.
  std::string describe() const;

  /// Every filter, in the order of the config.
  const std::vector<const FilterStage*>& filters() const { return filter_stages_; }

 private:
  friend class PlanBuilder;
  Plan() = default;

  std::vector<PlannedInput> inputs_;
  std::vector<PlannedOutput> outputs_;
  Stages filters_;
  Stages routing_;                                 // the output section; its leaves are RouteStages
  std::vector<const FilterStage*> filter_stages_;  // all of them, by number
};

}  // namespace millrace
