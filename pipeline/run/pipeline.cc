#include "pipeline/run/pipeline.h"

#include <fmt/format.h>

#include <optional>

#include "pipeline/observe/log.h"
#include "pipeline/observe/thread_name.h"

namespace millrace {

/// An input on its thread, and its way into the queue.
class Pipeline::Source : public Emitter {
 public:
  Source(Pipeline& pipeline, PlannedInput& planned, std::size_t number)
      : pipeline_(pipeline),
        planned_(planned),
        number_(number),
        account_(pipeline.ledger_.add_input(planned.id)),
        decorations_(planned.common, ignored_),
        receipts_(*planned.input) {}

  void start() {
    thread_ = std::thread([this] {
      name_thread(planned_.id);
      auto ended = planned_.input->run(*this);
      if (!ended) pipeline_.die("input " + planned_.id + " died", std::move(ended).error());
    });
  }
  void join() { thread_.join(); }
  void close() { planned_.input->close(); }

  bool emit(Batch::Ptr batch, SourcePosition position) override {
    if (batch->empty()) {
      receipts_.open(position, 1)->settle(1);
      return true;
    }
    if (!decorations_.empty()) {
      for (std::uint32_t at = 0; at < batch->size(); ++at) decorations_.apply((*batch)[at]);
    }
    Receipt* const receipt = receipts_.open(position, batch->size());
    for (std::uint32_t at = 0; at < batch->size(); ++at) batch->set_receipt(at, receipt);
    account_.counters.came_in(batch->size());
    pipeline_.ledger_.pipeline().came_in(batch->size());
    return pipeline_.queue_.push(batch, number_, [this] { planned_.input->held_up(); });
  }

  const StopSignal& stop() const override { return pipeline_.stop_; }
  std::uint32_t batch_size() const override { return pipeline_.settings_.batch_size; }
  std::chrono::milliseconds batch_delay() const override { return pipeline_.settings_.batch_delay; }

 private:
  Pipeline& pipeline_;
  PlannedInput& planned_;
  const std::size_t number_;
  Ledger::Account& account_;
  config::Diagnostics ignored_;  // the plan has reported them
  const Decorations decorations_;
  Receipts receipts_;
  std::thread thread_;
};

Pipeline::Pipeline(std::unique_ptr<Plan> plan, PipelineSettings settings)
    : settings_(std::move(settings)),
      plan_(std::move(plan)),
      queue_(settings_.max_queue_bytes, plan_->inputs().size()) {
  for (PlannedInput& input : plan_->inputs())
    sources_.push_back(std::make_unique<Source>(*this, input, sources_.size()));
  for (PlannedOutput& output : plan_->outputs()) {
    output_accounts_.push_back(&ledger_.add_output(output.id));
    lanes_.push_back(std::make_unique<Lane>(
        *output.output, give_up_,
        Lane::Settings{settings_.max_output_bytes, settings_.ordered, output.id},
        [this, id = output.id](Error why) { die("output " + id + " is gone", std::move(why)); },
        [this] { queue_.look_again(); }));
  }
}

Pipeline::~Pipeline() = default;

Result<void> Pipeline::start() {
  auto kept = settings_.dead_letters->open();
  if (!kept) return kept;
  for (PlannedOutput& output : plan_->outputs()) {
    auto opened = output.output->open();
    if (!opened) return std::move(opened).error().at("output " + output.id);
  }
  for (auto& lane : lanes_) lane->start();
  for (std::size_t i = 0; i < settings_.workers; ++i)
    workers_.emplace_back([this, i] {
      name_thread(fmt::format("worker {}", i));
      run_worker();
    });
  for (auto& source : sources_) source->start();
  return {};
}

void Pipeline::run_worker() {
  Plan::Worker worker(*plan_);
  while (auto batch = queue_.pop()) {
    const std::uint32_t arrived = batch->batch->size();
    std::vector<Selection> routes = worker.run(*batch->batch);
    hand_over(std::move(*batch), arrived, std::move(routes));
  }
}

void Pipeline::hand_over(NumberedBatch batch, std::uint32_t arrived,
                         std::vector<Selection> routes) {
  std::vector<std::size_t> takers;
  std::vector<std::unique_ptr<Parcel>> parcels;
  std::vector<Selection> wanted;
  std::vector<LedgerCounters*> counters;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (routes[i].empty()) continue;
    takers.push_back(i);
    parcels.push_back(plan_->outputs()[i].output->prepare(*batch.batch, routes[i]));
    wanted.push_back(std::move(routes[i]));
    counters.push_back(&output_accounts_[i]->counters);
  }
  const std::uint64_t number = batch.number;
  const std::size_t source = batch.source;
  std::vector<Delivery> deliveries = Dispatch::split(
      std::move(batch.batch), arrived, std::move(wanted), std::move(counters), ledger_.pipeline());

  std::vector<std::optional<Delivery>> by_lane(lanes_.size());
  for (std::size_t i = 0; i < takers.size(); ++i) {
    deliveries[i].parcel = std::move(parcels[i]);
    by_lane[takers[i]] = std::move(deliveries[i]);
  }
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const bool wanted_here = by_lane[i].has_value();
    lanes_[i]->put(number, std::move(by_lane[i]));
    if (wanted_here && lanes_[i]->full()) queue_.hold(source, *lanes_[i]);
  }
}

void Pipeline::die(std::string_view who, Error error) {
  Error death = std::move(error).at(who);
  log::error("pipeline " + id(), "{}; the pipeline ends", death.message);
  {
    const std::lock_guard lock(death_mutex_);
    if (!death_) death_ = std::move(death);
  }
  stop();
}

void Pipeline::stop() { stop_.request(); }

void Pipeline::give_up() {
  stop_.request();
  give_up_.request();
  queue_.close();
}

Result<void> Pipeline::wait() {
  for (auto& source : sources_) source->join();
  queue_.close();
  for (std::thread& worker : workers_) worker.join();
  for (auto& lane : lanes_) lane->end();
  for (auto& lane : lanes_) lane->finish();
  for (auto& source : sources_) source->close();
  settings_.dead_letters->close();
  const std::lock_guard lock(death_mutex_);
  return death_ ? Result<void>(*death_) : Result<void>();
}

}  // namespace millrace
