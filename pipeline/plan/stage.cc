#include "pipeline/plan/stage.h"

#include <chrono>

namespace millrace {
namespace {

void add_line(std::string& out, int depth, const std::string& text) {
  out += std::string(static_cast<std::size_t>(depth) * 2, ' ') + text + "\n";
}

}  // namespace

FilterStage::FilterStage(std::string name, std::string id, std::unique_ptr<Filter> filter,
                         Decorations decorations, std::size_t number, bool counted)
    : name_(std::move(name)),
      id_(std::move(id)),
      filter_(std::move(filter)),
      decorations_(std::move(decorations)),
      failure_tag_(filter_->common_failure_tag().value_or("_" + name_ + "_error")),
      number_(number),
      counted_(counted) {}

void FilterStage::run(StageRun& run) const {
  if (!counted_) return work(run);
  const auto start = std::chrono::steady_clock::now();
  counters_.in.fetch_add(run.selection.size(), std::memory_order_relaxed);
  work(run);
  counters_.out.fetch_add(run.selection.size(), std::memory_order_relaxed);
  const auto spent = std::chrono::steady_clock::now() - start;
  counters_.nanoseconds.fetch_add(
      static_cast<std::uint64_t>(std::chrono::nanoseconds(spent).count()),
      std::memory_order_relaxed);
}

void FilterStage::work(StageRun& run) const {
  Selection matched;
  if (!decorations_.empty()) matched.reserve(run.selection.size());
  FilterRun call{run.batch, run.selection, run.scratch[number_].get(), matched};
  filter_->apply(call);
  if (!decorations_.empty()) {
    for (std::uint32_t at : matched) {
      Event event = run.batch[at];
      if (!decorations_.apply(event)) event.tag(failure_tag_);
    }
  }
  if (call.reshaped) run.selection = std::move(call.out);
}

void FilterStage::describe(std::string& out, int depth) const {
  add_line(out, depth, name_ + "  (" + id_ + ")");
  for (const std::string& note : filter_->plan_notes()) add_line(out, depth + 1, note);
}

void BranchStage::run(StageRun& run) const {
  Selection undecided = std::move(run.selection);
  Selection done;
  for (const Arm& arm : arms_) {
    Selection taken;
    Selection others;
    if (arm.condition)
      arm.condition->divide(run.batch, undecided, taken, others);
    else
      taken = std::move(undecided);
    undecided = std::move(others);
    if (taken.empty()) continue;
    run.selection = std::move(taken);
    run_all(arm.body, run);
    done = run.batch.merge(done, run.selection);
  }
  run.selection = run.batch.merge(done, undecided);
}

void BranchStage::describe(std::string& out, int depth) const {
  for (const Arm& arm : arms_) {
    add_line(out, depth, arm.text);
    for (const auto& stage : arm.body) stage->describe(out, depth + 1);
  }
}

void RouteStage::run(StageRun& run) const {
  run.routes[output_].insert(run.routes[output_].end(), run.selection.begin(), run.selection.end());
}

void RouteStage::describe(std::string& out, int depth) const {
  add_line(out, depth, name_ + "  (" + id_ + ")");
}

}  // namespace millrace
