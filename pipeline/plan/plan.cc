#include "pipeline/plan/plan.h"

#include <map>
#include <set>

namespace millrace {

/// Walks the syntax tree once; goes on after an error, so that all of them are reported.
class PlanBuilder {
 public:
  PlanBuilder(const config::SourceSet& sources, const Maker& maker)
      : sources_(sources), maker_(maker), plan_(new Plan) {}

  std::unique_ptr<Plan> build(const config::Config& config) {
    for (const config::Section& section : config.sections) {
      switch (section.kind) {
        case config::SectionKind::input:
          add_inputs(section.statements);
          break;
        case config::SectionKind::filter:
          add_stages(section.statements, plan_->filters_, &PlanBuilder::make_filter);
          break;
        case config::SectionKind::output:
          add_stages(section.statements, plan_->routing_, &PlanBuilder::make_output);
          break;
      }
    }
    return maker_.diagnostics.has_errors() ? nullptr : std::move(plan_);
  }

 private:
  using MakeStage = std::unique_ptr<Stage> (PlanBuilder::*)(const config::Plugin&);

  void add_inputs(const std::vector<config::Statement>& statements) {
    for (const config::Statement& statement : statements) {
      if (statement.plugin())
        add_input(*statement.plugin());
      else
        maker_.diagnostics.error(statement.branch()->span, "an input section has no conditions",
                                 "put the `if` into the filter or output section");
    }
  }

  void add_input(const config::Plugin& ast) {
    const InputPlugin* plugin = maker_.registry.input(ast, maker_.diagnostics);
    if (!plugin) return;
    PlannedInput planned;
    planned.name = ast.name;
    planned.input = plugin->make(ast, maker_, default_id(ast.name), planned.common);
    planned.id = planned.common.id;
    check_id(planned.id, ast.span);
    plan_->inputs_.push_back(std::move(planned));
  }

  void add_stages(const std::vector<config::Statement>& statements, Stages& stages,
                  MakeStage make) {
    for (const config::Statement& statement : statements) {
      auto stage = statement.plugin() ? (this->*make)(*statement.plugin())
                                      : make_branch(*statement.branch(), make);
      if (stage) stages.push_back(std::move(stage));
    }
  }

  std::unique_ptr<Stage> make_branch(const config::Branch& branch, MakeStage make) {
    std::vector<BranchStage::Arm> arms;
    for (const config::Clause& clause : branch.clauses) {
      BranchStage::Arm arm{nullptr, std::string(sources_.text(clause.span)), {}};
      if (clause.condition)
        arm.condition = Condition::compile(*clause.condition, maker_.diagnostics);
      add_stages(clause.body, arm.body, make);
      arms.push_back(std::move(arm));
    }
    return std::make_unique<BranchStage>(std::move(arms));
  }

  std::unique_ptr<Stage> make_filter(const config::Plugin& ast) {
    const FilterPlugin* plugin = maker_.registry.filter(ast, maker_.diagnostics);
    if (!plugin) return nullptr;
    CommonFilterOptions common;
    auto filter = plugin->make(ast, maker_, default_id(ast.name), common);
    if (!filter) return nullptr;
    check_id(common.id, ast.span);
    auto stage = std::make_unique<FilterStage>(ast.name, common.id, std::move(filter),
                                               Decorations(common, maker_.diagnostics),
                                               plan_->filter_stages_.size(), common.enable_metric);
    plan_->filter_stages_.push_back(stage.get());
    return stage;
  }

  std::unique_ptr<Stage> make_output(const config::Plugin& ast) {
    const OutputPlugin* plugin = maker_.registry.output(ast, maker_.diagnostics);
    if (!plugin) return nullptr;
    CommonOutputOptions common;
    auto output = plugin->make(ast, maker_, default_id(ast.name), common);
    check_id(common.id, ast.span);
    plan_->outputs_.push_back({common.id, ast.name, std::move(output)});
    return std::make_unique<RouteStage>(ast.name, common.id, plan_->outputs_.size() - 1);
  }

  /// `grok-2`: the second grok of the config.
  std::string default_id(const std::string& name) {
    return name + "-" + std::to_string(++used_names_[name]);
  }

  void check_id(const std::string& id, config::Span span) {
    if (!id.empty() && !ids_.insert(id).second)
      maker_.diagnostics.error(span, "the id `" + id + "` is used twice",
                               "ids tell plugins apart in the metrics and in the log");
  }

  const config::SourceSet& sources_;
  const Maker& maker_;
  std::unique_ptr<Plan> plan_;
  std::map<std::string, int> used_names_;
  std::set<std::string> ids_;
};

std::unique_ptr<Plan> Plan::build(const config::Config& config, const config::SourceSet& sources,
                                  const Maker& maker) {
  return PlanBuilder(sources, maker).build(config);
}

std::unique_ptr<Plan> Plan::of(const std::string& id, std::unique_ptr<Input> input) {
  std::unique_ptr<Plan> plan(new Plan);
  plan->inputs_.push_back({id, id, std::move(input), {}});
  return plan;
}

Plan::Worker::Worker(const Plan& plan) : plan_(plan) {
  for (const FilterStage* filter : plan.filter_stages_) scratch_.push_back(filter->make_scratch());
}

std::vector<Selection> Plan::Worker::run(Batch& batch) {
  std::vector<Selection> routes(plan_.outputs_.size());
  Selection all;
  all.reserve(batch.size());
  for (std::uint32_t at = 0; at < batch.size(); ++at)
    if (batch.state(at) == EventState::live) all.push_back(at);  // an input may have dealt with it
  StageRun run{batch, std::move(all), scratch_, routes};
  run_all(plan_.filters_, run);
  run_all(plan_.routing_, run);
  return routes;
}

std::string Plan::describe() const {
  std::string out;
  for (const PlannedInput& input : inputs_)
    out += "input   " + input.name + "  (" + input.id + ")\n";
  if (!filters_.empty()) out += "filter\n";
  for (const auto& stage : filters_) stage->describe(out, 1);
  if (!routing_.empty()) out += "output\n";
  for (const auto& stage : routing_) stage->describe(out, 1);
  return out;
}

}  // namespace millrace
