#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <thread>

#include "pipeline/settings/foreign.h"
#include "pipeline/settings/settings.h"

namespace millrace::settings {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

/// Where a service keeps its state, or a user: never the folder that one happens to stand in.
std::filesystem::path state_directory() {
  if (::geteuid() == 0) return "/var/lib/millrace";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state)
    return std::filesystem::path(state) / "millrace";
  if (const char* home = std::getenv("HOME"); home && *home)
    return std::filesystem::path(home) / ".local/state/millrace";
  return "/var/lib/millrace";
}

constexpr const char* kNoDiskQueue =
    "this build has the memory queue; inputs confirm nothing before it is delivered";
constexpr const char* kNoApi = "this build has no HTTP API";
constexpr const char* kNoReload = "this build reads its configuration once, at the start";

// Settings that Logstash has for its JVM, its own log files, or the commercial bundle.
constexpr std::array<std::string_view, 24> kForeign{
    "allow_superuser",
    "cloud.auth",
    "cloud.id",
    "config.debug",
    "enable-local-plugin-development",
    "interactive",
    "log.format.json.fix_duplicate_message_fields",
    "metric.collect",
    "metric.flow.enabled",
    "metric.timers",
    "modules",
    "modules_setup",
    "path.plugins",
    "pipeline.batch.metrics.sampling_mode",
    "pipeline.batch.output_chunking.growth_threshold_factor",
    "pipeline.buffer.type",
    "pipeline.java_execution",
    "pipeline.plugin_classloaders",
    "pipeline.reloadable",
    "pipeline.system",
    "setup",
    "slowlog.threshold",
    "keystore.classname",
    "keystore.file"};
constexpr std::array<std::string_view, 6> kForeignGroups{"xpack.", "slowlog.threshold.", "modules.",
                                                         "var.",   "monitoring.",        "geoip."};

}  // namespace

bool is_foreign(std::string_view name) {
  return std::find(kForeign.begin(), kForeign.end(), name) != kForeign.end() ||
         std::any_of(kForeignGroups.begin(), kForeignGroups.end(),
                     [&](std::string_view group) { return name.starts_with(group); });
}

Options<Process> process_settings() {
  using S = Process;
  using log::Format;
  using log::Level;
  return Options<S>(S{.node_name = host_name(), .data_directory = state_directory()})
      .add("node.name", &S::node_name, "Names this process to others.",
           default_text("the host's name"))
      .add("path.data", &S::data_directory,
           "Where inputs and filters keep what must survive a restart.",
           default_text("/var/lib/millrace for root, else ~/.local/state/millrace"))
      .add("path.settings", &S::settings_directory, "Where millrace.yml and pipelines.yml are.")
      .add("path.logs", &S::log_directory,
           "Where the process's own log goes; stderr where it is not set.")
      .add("log.level", &S::log_level, "What is logged.",
           choices<Level>({{"trace", Level::trace},
                           {"debug", Level::debug},
                           {"info", Level::info},
                           {"warn", Level::warn},
                           {"error", Level::error},
                           {"fatal", Level::fatal}}))
      .add("log.format", &S::log_format, "How a line of the log is written.",
           choices<Format>({{"plain", Format::plain}, {"json", Format::json}}))
      .add("config.test_and_exit", &S::test_and_exit, "Check the configuration, then exit.")
      .add("config.field_reference.escape_style", &S::escape_style,
           "How brackets inside a field's name are written.",
           choices<EscapeStyle>({{"none", EscapeStyle::none},
                                 {"percent", EscapeStyle::percent},
                                 {"ampersand", EscapeStyle::ampersand}}))
      .add("shutdown_timeout", &S::shutdown_timeout,
           "At a stop: the longest wait for what is in flight, which then comes again after the "
           "next start; as long as it takes where it is not set. (millrace only)",
           at_least(std::chrono::milliseconds(0)))
      .refused("config.reload.automatic", kNoReload, "false")
      .refused("config.reload.interval", kNoReload, "3s")
      .refused("api.enabled", kNoApi, "false")
      .refused("api.http.host", kNoApi, "127.0.0.1")
      .refused("api.http.port", kNoApi, "9600-9700")
      .refused("api.environment", kNoApi, "production")
      .refused("api.auth.type", kNoApi, "none")
      .refused("api.auth.basic.username", kNoApi)
      .refused("api.auth.basic.password", kNoApi)
      .refused("api.ssl.enabled", kNoApi, "false")
      .refused("api.ssl.certificate", kNoApi)
      .refused("api.ssl.key", kNoApi);
}

Options<Pipeline> pipeline_settings() {
  using S = Pipeline;
  return Options<S>(S{.workers = std::max(1U, std::thread::hardware_concurrency())})
      .add("pipeline.id", &S::id, "Names the pipeline in logs and metrics.")
      .add("path.config", &S::config_path, "File, directory or glob of the configuration.")
      .add("config.string", &S::config_string, "The configuration itself.")
      .add("config.support_escapes", &S::support_escapes,
           "Read \\n, \\t, \\\" and the like in strings.")
      .add("pipeline.workers", &S::workers, "Threads that run filters.", at_least(1), at_most(1024),
           default_text("number of cores"))
      .add("pipeline.batch.size", &S::batch_size, "Most events in a batch.", at_least(1),
           at_most(1'000'000))
      .add("pipeline.batch.delay", &S::batch_delay,
           "Longest wait for a batch to fill; a bare number is milliseconds.",
           bare_unit(std::chrono::milliseconds(1)))
      .add("pipeline.ordered", &S::ordered, "Whether the events of a source keep their order.",
           choices<Ordered>(
               {{"auto", Ordered::automatic}, {"true", Ordered::yes}, {"false", Ordered::no}}))
      .add("pipeline.ecs_compatibility", &S::ecs,
           "Field names of plugins that do not say otherwise.",
           choices<EcsMode>(
               {{"disabled", EcsMode::disabled}, {"v1", EcsMode::v1}, {"v8", EcsMode::v8}}))
      .add("dead_letter_queue.enable", &S::dead_letters,
           "Keep on disk what an output refuses for good; else it is counted and logged.")
      .add("dead_letter_queue.max_bytes", &S::dead_letter_bytes,
           "Most bytes of all kept letters together.", binary_units, at_least(Bytes{64 << 10}))
      .add("dead_letter_queue.storage_policy", &S::full_dead_letters,
           "What a full queue does: let events wait, or drop the new or the old ones, counted.",
           choices<FullQueue>({{"block", FullQueue::block},
                               {"drop_newer", FullQueue::drop_newer},
                               {"drop_older", FullQueue::drop_older}}))
      .add("dead_letter_queue.retain.age", &S::dead_letter_age,
           "Letters older than this are removed, counted; kept for good where it is not set.",
           at_least(std::chrono::milliseconds(1)))
      .add(
          "dead_letter_queue.flush_interval", &S::dead_letter_flush,
          "A segment is ended when it was left alone for this long; a bare number is milliseconds.",
          bare_unit(std::chrono::milliseconds(1)), at_least(std::chrono::seconds(1)))
      .add("path.dead_letter_queue", &S::dead_letter_path,
           "Where the dead-letter queues are, a directory for each pipeline.",
           default_text("path.data/dead_letter_queue"))
      .refused(
          "pipeline.unsafe_shutdown",
          "events in flight are never lost at a stop; a second signal, or `shutdown_timeout`, ends "
          "the process before they are delivered",
          "false")
      .refused("pipeline.separate_logs", "there is one log; its lines name their pipeline", "false")
      .refused("queue.type", kNoDiskQueue, "memory")
      .refused("queue.max_bytes", kNoDiskQueue, "1024mb")
      .refused("queue.max_events", kNoDiskQueue, "0")
      .refused("queue.page_capacity", kNoDiskQueue, "64mb")
      .refused("queue.checkpoint.acks", kNoDiskQueue, "1024")
      .refused("queue.checkpoint.writes", kNoDiskQueue, "1024")
      .refused("queue.checkpoint.retry", kNoDiskQueue, "true")
      .refused("queue.drain", kNoDiskQueue, "false")
      .refused("queue.compression", kNoDiskQueue, "none")
      .refused("path.queue", kNoDiskQueue);
}

}  // namespace millrace::settings
