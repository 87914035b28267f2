#include "pipeline/cli/dlq_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <ostream>
#include <thread>

#include "pipeline/cli/dlq_command.h"
#include "pipeline/cli/replay_flights.h"
#include "pipeline/cli/signals.h"
#include "pipeline/event/event_bytes.h"
#include "pipeline/observe/log.h"
#include "pipeline/run/lane.h"

namespace millrace::cli {
namespace {

constexpr std::size_t kMostBatchBytes = std::size_t{1} << 20;
constexpr std::chrono::milliseconds kMarkInterval{200};
constexpr std::chrono::milliseconds kGraceAfterGivingUp{300};

/// Letters by the id of the output they are for.
using CountsByOutput = std::map<std::string, std::uint64_t>;

class Replay {
 public:
  Replay(const DlqOptions& options, std::filesystem::path directory,
         const PipelineSettings& settings, Plan& plan, Flights& flights)
      : options_(options),
        directory_(std::move(directory)),
        settings_(settings),
        plan_(plan),
        flights_(flights),
        receipts_(flights) {}

  /// Counts what would be sent where, and sends nothing.
  Result<void> rehearse(CountsByOutput& counts) {
    const auto browsed = dlq::browse(directory_, options_.filter, [&](const dlq::Letter& letter) {
      ++(find_output(letter) ? counts : homeless_)[output_id(letter)];
      return true;
    });
    return browsed ? Result<void>() : Result<void>(browsed.error());
  }

  /// Returns when every letter is delivered, refused again or given up.
  Result<void> run() {
    const Signals signals;
    std::atomic<bool> done{false};
    std::thread feeder([&] {
      feed();
      done = true;
      Signals::interrupt();
    });
    Result<void> marked;
    while (!done) {
      listen(signals);
      if (marked) marked = mark_landed();
      if (!marked) stopping_ = true;
    }
    feeder.join();
    if (marked) marked = mark_landed();
    if (!marked) return marked;
    return error_ ? Result<void>(*error_) : Result<void>();
  }

  std::uint64_t delivered() const { return delivered_; }
  const CountsByOutput& homeless() const { return homeless_; }
  bool was_stopped() const { return stopping_; }

 private:
  /// The way to one output, and the letters that wait for company.
  struct Road {
    Road(Output& to, const StopSignal& give_up, std::size_t max_bytes, Lane::OnGone on_gone)
        : lane(to, give_up, {max_bytes, true}, std::move(on_gone), [] {}), output(to) {}
    Lane lane;
    Output& output;
    LedgerCounters counters;
    std::uint64_t next = 0;
    Batch::Ptr batch = Batch::make();
    std::vector<dlq::LetterId> letters;
    std::size_t bytes = 0;
  };

  std::string output_id(const dlq::Letter& letter) const {
    return options_.to.value_or(std::string(letter.record.plugin_id));
  }
  Output* find_output(const dlq::Letter& letter) const {
    const std::string id = output_id(letter);
    for (const PlannedOutput& planned : plan_.outputs())
      if (planned.id == id) return planned.output.get();
    return nullptr;
  }

  void feed() {
    std::uint64_t left = options_.limit.value_or(UINT64_MAX);
    const auto browsed = dlq::browse(directory_, options_.filter, [&](const dlq::Letter& letter) {
      return !stopping_ && left-- > 0 && take(letter);
    });
    if (!browsed) fail_with(browsed.error());
    for (auto& [id, road] : roads_) send(*road);
    for (auto& [id, road] : roads_) road->lane.finish();
  }

  /// False: there is no going on.
  bool take(const dlq::Letter& letter) {
    Output* const output = find_output(letter);
    if (!output) return ++homeless_[output_id(letter)], true;
    Road* const road = road_to(output_id(letter), *output);
    if (!road) return false;
    const auto event = read_event_bytes(letter.record.event, *road->batch);
    if (!event) {
      log::warn("dlq", "letter {} is left out: {}", letter.id.text(), event.error().message);
      return ++homeless_["(unreadable)"], true;
    }
    road->letters.push_back(letter.id);
    road->bytes += letter.record.event.size();
    if (road->letters.size() >= settings_.batch_size || road->bytes >= kMostBatchBytes) send(*road);
    return true;
  }

  /// Opens the output on its first letter; nullptr: it cannot be.
  Road* road_to(const std::string& id, Output& output) {
    const auto known = roads_.find(id);
    if (known != roads_.end()) return known->second.get();
    auto opened = output.open();
    if (!opened) return fail_with(std::move(opened).error().at("output " + id)), nullptr;
    auto road = std::make_unique<Road>(
        output, give_up_, settings_.max_output_bytes,
        [this, id](Error e) { fail_with(std::move(e).at("output " + id + " is gone")); });
    road->lane.start();
    const std::lock_guard lock(mutex_);
    return (roads_[id] = std::move(road)).get();
  }

  void send(Road& road) {
    if (road.letters.empty()) return;
    Batch::Ptr batch = std::exchange(road.batch, Batch::make());
    Selection all(batch->size());
    for (std::uint32_t at = 0; at < batch->size(); ++at) all[at] = at;
    const std::uint64_t flight = flights_.depart(*batch, std::exchange(road.letters, {}));
    Receipt* const receipt = receipts_.open({flight, 0}, batch->size());
    for (const std::uint32_t at : all) batch->set_receipt(at, receipt);
    road.bytes = 0;
    const std::uint32_t arrived = batch->size();
    auto parcel = road.output.prepare(*batch, all);
    auto deliveries =
        Dispatch::split(std::move(batch), arrived, {std::move(all)}, {&road.counters}, books_);
    deliveries.front().parcel = std::move(parcel);
    road.lane.wait_for_room();
    road.lane.put(road.next++, std::move(deliveries.front()));
  }

  void listen(const Signals& signals) {
    if (signals.wait(kMarkInterval) == 0) return;
    if (!stopping_.exchange(true)) {
      log::info("dlq", "stopping after what is under way; a second signal ends at once");
      return;
    }
    give_up_.request();
    {
      const std::lock_guard lock(mutex_);
      for (auto& [id, road] : roads_) road->lane.wake();
    }
    signals.wait(kGraceAfterGivingUp);
    (void)mark_landed();
    log::flush();
    std::_Exit(kPipelineDied);  // an output may hang in a write that nothing ends
  }

  /// Marks what has landed meanwhile, segment by segment.
  Result<void> mark_landed() {
    std::map<std::uint64_t, std::vector<dlq::Mark>> marks;
    for (const Flight& flight : flights_.take_landed()) {
      for (std::uint32_t at = 0; at < flight.letters.size(); ++at) {
        const bool refused = flight.refused.contains(at);
        delivered_ += !refused;
        marks[flight.letters[at].segment].push_back(
            {flight.letters[at].offset,
             refused ? dlq::MarkKind::refused_again : dlq::MarkKind::replayed});
      }
    }
    for (const auto& [segment, of_segment] : marks) {
      auto written = dlq::append_marks(directory_, segment, of_segment, Timestamp::now());
      if (!written) return written;
    }
    return {};
  }

  void fail_with(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    stopping_ = true;
  }

  const DlqOptions& options_;
  const std::filesystem::path directory_;
  const PipelineSettings& settings_;
  Plan& plan_;
  Flights& flights_;
  Receipts receipts_;
  LedgerCounters books_;
  StopSignal give_up_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Road>> roads_;  // guarded by mutex_ where it changes
  std::optional<Error> error_;                          // guarded by mutex_ while threads run
  CountsByOutput homeless_;                             // letters for which there is no output
  std::uint64_t delivered_ = 0;                         // main thread's
};

Result<PipelineJob> job_for(const std::string& queue, const std::vector<PipelineJob>& jobs) {
  for (const PipelineJob& job : jobs)
    if (job.info.id == queue && !(job.config_path.empty() && job.config_string.empty())) return job;
  if (jobs.size() == 1 && !(jobs.front().config_path.empty() && jobs.front().config_string.empty()))
    return jobs.front();
  return fail(Errc::invalid,
              fmt::format("replay needs the configuration with the outputs of pipeline {}: give it "
                          "with -f, or pipelines.yml with --path.settings",
                          queue));
}

std::string output_names(const Plan& plan) {
  std::string names;
  for (const PlannedOutput& output : plan.outputs())
    names += (names.empty() ? "" : ", ") + output.id;
  return names;
}

void report_homeless(const CountsByOutput& homeless, const Plan& plan, std::ostream& out) {
  for (const auto& [id, count] : homeless)
    out << fmt::format(
        "{} letters are for output `{}`, which this configuration has not; it has {}; "
        "--to ID sends letters to another\n",
        count, id, output_names(plan));
}

}  // namespace

int dlq_replay(const DlqOptions& options, const std::filesystem::path& base,
               const std::vector<PipelineJob>& jobs, const Registry& registry, std::ostream& out) {
  const auto queue = one_queue(options, base);
  if (!queue) return dlq_failed(queue.error());
  auto job = job_for(*queue, jobs);
  if (!job) return dlq_failed(job.error());
  const auto flights = std::make_shared<Flights>();
  job->info.dead_letters = flights;
  const Compiled compiled = compile(*job, registry);
  print_diagnostics(compiled.loaded);
  if (!compiled.plan) return kBadConfig;
  const auto lock = dlq::lock_for_operator(base / *queue);
  if (!lock) return dlq_failed(lock.error());

  Replay replay(options, base / *queue, job->settings, *compiled.plan, *flights);
  if (options.dry_run) {
    CountsByOutput counts;
    const auto counted = replay.rehearse(counts);
    if (!counted) return dlq_failed(counted.error());
    for (const auto& [id, count] : counts)
      out << fmt::format("would send {} letters of {} to output {}\n", count, *queue, id);
    report_homeless(replay.homeless(), *compiled.plan, out);
    return kSuccess;
  }
  const auto ended = replay.run();
  const auto freed = dlq::remove_done_segments(base / *queue);
  out << fmt::format("delivered {} letters of {}\n", replay.delivered(), *queue);
  for (const auto& [code, count] : flights->refusals())
    out << fmt::format("{} letters were refused again and stay: {}\n", count, code);
  report_homeless(replay.homeless(), *compiled.plan, out);
  if (!ended) return dlq_failed(ended.error()), kPipelineDied;
  if (!freed) return dlq_failed(freed.error()), kPipelineDied;
  const bool all =
      flights->refusals().empty() && replay.homeless().empty() && !replay.was_stopped();
  return all ? kSuccess : kPipelineDied;
}

}  // namespace millrace::cli
