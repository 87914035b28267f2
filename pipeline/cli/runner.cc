#include "pipeline/cli/runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "pipeline/cli/progress.h"
#include "pipeline/cli/signals.h"
#include "pipeline/observe/log.h"
#include "pipeline/observe/thread_name.h"

namespace millrace::cli {
namespace {

/// The right to use path.data: two processes there would overwrite each other's positions.
class DataDirectory {
 public:
  static Result<DataDirectory> claim(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error)
      return fail(Errc::io,
                  fmt::format("path.data: cannot create {}: {}", path.string(), error.message()));
    const std::string lock = (path / ".lock").string();
    DataDirectory claimed(open(lock.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644));
    if (claimed.fd_ < 0)
      return fail(Errc::io,
                  fmt::format("path.data: cannot open {}: {}", lock, std::strerror(errno)));
    if (flock(claimed.fd_, LOCK_EX | LOCK_NB) != 0) {
      return fail(Errc::io, fmt::format("path.data: {} is in use by another millrace; give this "
                                        "one its own with --path.data DIR",
                                        path.string()));
    }
    return claimed;
  }
  DataDirectory(DataDirectory&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~DataDirectory() {
    if (fd_ >= 0) close(fd_);
  }

 private:
  explicit DataDirectory(int fd) : fd_(fd) {}
  int fd_;
};

/// Waits for all pipelines on a thread of its own, so that this one can listen to signals.
class Watch {
 public:
  explicit Watch(std::vector<std::unique_ptr<Pipeline>>& pipelines) {
    thread_ = std::thread([this, &pipelines] {
      name_thread("watch");
      for (auto& pipeline : pipelines) {
        if (!pipeline->wait()) died_ = true;
      }
      done_ = true;
      Signals::interrupt();
    });
  }
  ~Watch() { thread_.join(); }
  bool done() const { return done_; }
  bool died() const { return died_; }

 private:
  std::atomic<bool> done_{false};
  std::atomic<bool> died_{false};
  std::thread thread_;
};

/// Where the events and the time of the filters went.
std::string filter_report(const Pipeline& pipeline) {
  std::string lines;
  for (const FilterStage* filter : pipeline.plan().filters()) {
    const FilterStage::Counters* counters = filter->counters();
    if (!counters) continue;
    lines +=
        fmt::format("  filter {}: {} in, {} out, {:.1f} ms\n", filter->id(), counters->in.load(),
                    counters->out.load(), static_cast<double>(counters->nanoseconds.load()) / 1e6);
    for (const std::string& line : filter->own_counts()) lines += "    " + line + "\n";
  }
  return lines;
}

/// What outputs say of their destinations.
std::string output_report(const Pipeline& pipeline) {
  std::string lines;
  for (const PlannedOutput& planned : pipeline.plan().outputs())
    if (const std::string line = planned.output->report(); !line.empty())
      lines += fmt::format("  output {}: {}\n", planned.id, line);
  return lines;
}

/// Nothing where nothing was refused.
std::string dead_letter_report(const DeadLetters& queue) {
  const DeadLetterCounts counts = queue.counts();
  std::string line;
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) line += fmt::format("{}{} {}", line.empty() ? "" : ", ", count, what);
  };
  add(counts.kept, "kept");
  add(counts.dropped, "not kept");
  add(counts.dropped_older, "kept ones removed to make room");
  add(counts.expired, "kept ones removed by age");
  return line.empty() ? line : "  dead letters: " + line + "\n";
}

void report(const std::vector<std::unique_ptr<Pipeline>>& pipelines) {
  for (const auto& pipeline : pipelines)
    log::info("ledger", "{}{}{}{}", pipeline->ledger().report(pipeline->id()),
              output_report(*pipeline), filter_report(*pipeline),
              dead_letter_report(pipeline->dead_letters()));
  log::flush();
}

/// How long threads have to notice that the process gives up. One may hang in a write that nothing
/// ends: a pipe that nobody reads, a dead network file system.
constexpr std::chrono::milliseconds kGraceAfterGivingUp{300};

/// Ends the process under the threads that hang. What they held is not confirmed and comes again.
[[noreturn]] void end_now(const std::vector<std::unique_ptr<Pipeline>>& pipelines) {
  report(pipelines);
  const bool died = std::any_of(pipelines.begin(), pipelines.end(),
                                [](const auto& pipeline) { return pipeline->died(); });
  std::_Exit(died ? kPipelineDied : kSuccess);
}

/// Listens to signals, and to the clock once one of them said to stop.
class Listener {
 public:
  using Clock = std::chrono::steady_clock;

  Listener(const Signals& signals, const Watch& watch,
           std::vector<std::unique_ptr<Pipeline>>& pipelines,
           std::optional<std::chrono::milliseconds> shutdown_timeout)
      : signals_(signals),
        watch_(watch),
        pipelines_(pipelines),
        shutdown_timeout_(shutdown_timeout) {}

  /// Returns when all pipelines have ended.
  void run() {
    Progress progress;
    while (!watch_.done()) {
      const int signal = signals_.wait(most_wait());
      if (signal == SIGHUP) {
        log::warn("millrace",
                  "SIGHUP: this build does not reload its configuration while it runs; restart it "
                  "to read the files again");
      } else if (signal != 0) {
        stopping_ ? give_up("ending at once") : stop();
      } else if (deadline_ && Clock::now() >= *deadline_ && !watch_.done()) {
        give_up("shutdown_timeout has passed");
      } else {
        progress.show(pipelines_);
      }
    }
  }

 private:
  std::chrono::milliseconds most_wait() const {
    constexpr std::chrono::milliseconds kShowEvery{500};
    if (!deadline_) return kShowEvery;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now());
    return std::clamp(left, std::chrono::milliseconds(0), kShowEvery);
  }

  void stop() {
    stopping_ = true;
    log::info("millrace",
              "stopping: inputs end, what is in flight is delivered; a second signal ends at once");
    if (shutdown_timeout_) deadline_ = Clock::now() + *shutdown_timeout_;
    for (auto& pipeline : pipelines_) pipeline->stop();
  }

  void give_up(std::string_view why) {
    log::warn("millrace", "{}: what is not confirmed will be read again after the next start", why);
    for (auto& pipeline : pipelines_) pipeline->give_up();
    signals_.wait(kGraceAfterGivingUp);  // the watch interrupts it when all have ended
    if (!watch_.done()) end_now(pipelines_);
  }

  const Signals& signals_;
  const Watch& watch_;
  std::vector<std::unique_ptr<Pipeline>>& pipelines_;
  const std::optional<std::chrono::milliseconds> shutdown_timeout_;
  bool stopping_ = false;
  std::optional<Clock::time_point> deadline_;  // for what is in flight
};

/// nullptr: the diagnostics say why.
std::unique_ptr<Plan> build(const PipelineJob& job, const config::Loaded& loaded,
                            const Maker& maker) {
  for (const PipelineForm& form : job.forms)
    if (auto whole = form.make(loaded.config, maker))
      return *whole ? Plan::of(form.name, std::move(*whole)) : nullptr;
  return Plan::build(loaded.config, loaded.sources, maker);
}

}  // namespace

Compiled compile(const PipelineJob& job, const Registry& registry) {
  Compiled compiled;
  compiled.loaded = job.config_path.empty()
                        ? config::load_string(job.config_string, "config string", job.load)
                        : config::load_path(job.config_path, job.load);
  const Maker maker{registry, job.info, compiled.loaded.diagnostics};
  compiled.plan = build(job, compiled.loaded, maker);
  if (compiled.loaded.diagnostics.has_errors()) {
    compiled.plan.reset();
  } else {
    config::lint(compiled.loaded.config, job.effects, compiled.loaded.diagnostics);
  }
  return compiled;
}

void print_diagnostics(const config::Loaded& loaded) {
  const std::string text = loaded.diagnostics.render(loaded.sources, isatty(STDERR_FILENO));
  std::fwrite(text.data(), 1, text.size(), stderr);
}

int run(const std::vector<PipelineJob>& jobs, const Registry& registry,
        std::optional<std::chrono::milliseconds> shutdown_timeout) {
  const Signals signals;
  std::vector<Compiled> compiled;
  bool good = true;
  for (const PipelineJob& job : jobs) {
    compiled.push_back(compile(job, registry));
    print_diagnostics(compiled.back().loaded);
    good = good && compiled.back().plan;
  }
  if (!good) return kBadConfig;
  const auto data = DataDirectory::claim(jobs.front().info.data_directory);
  if (!data) {
    log::error("millrace", "{}", data.error().message);
    return kBadConfig;
  }
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    pipelines.push_back(std::make_unique<Pipeline>(std::move(compiled[i].plan), jobs[i].settings));
    auto started = pipelines.back()->start();
    if (!started) {
      log::error("millrace", "pipeline {}: {}", jobs[i].settings.id, started.error().message);
      pipelines.pop_back();
      for (auto& pipeline : pipelines) pipeline->give_up(), (void)pipeline->wait();
      return kPipelineDied;
    }
    log::info("pipeline " + jobs[i].settings.id, "started with {} worker(s)",
              jobs[i].settings.workers);
  }
  bool died = false;
  {
    const Watch watch(pipelines);
    Listener(signals, watch, pipelines, shutdown_timeout).run();
    died = watch.died();
  }
  report(pipelines);
  return died ? kPipelineDied : kSuccess;
}

}  // namespace millrace::cli
