#pragma once

#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "pipeline/config/diagnostics.h"
#include "pipeline/config/variables.h"
#include "pipeline/event/field_ref.h"
#include "pipeline/observe/log.h"
#include "pipeline/plugin/common_options.h"
#include "pipeline/queue/dead_letter_store.h"

/// The settings of the process and of its pipelines, from flags, pipelines.yml, millrace.yml and
/// logstash.yml. They are declared like plugin options (settings.cc), so that checks, help and "did
/// you mean" come from one list.
namespace millrace::settings {

/// Whether the events of one source keep their order. Both `automatic` and `yes` do: here it costs
/// nothing.
enum class Ordered { automatic, yes, no };

struct Process {
  std::string node_name;  ///< the host's name unless set
  std::filesystem::path data_directory;
  std::filesystem::path settings_directory{"/etc/millrace"};
  std::string log_directory;  ///< "": the log goes to stderr
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::plain;
  bool test_and_exit = false;
  EscapeStyle escape_style = EscapeStyle::none;
  std::optional<std::chrono::milliseconds> shutdown_timeout;  ///< nullopt: as long as it takes
};

struct Pipeline {
  std::string id = "main";
  std::string config_path;    ///< file, directory or glob; either this or config_string
  std::string config_string;  ///< what -e gave
  bool support_escapes = false;
  std::size_t workers = 1;        ///< one for each core unless set
  std::size_t batch_size = 1000;  ///< events
  std::chrono::milliseconds batch_delay{50};
  Ordered ordered = Ordered::automatic;
  EcsMode ecs = EcsMode::v8;
  bool dead_letters = false;
  Bytes dead_letter_bytes{std::uint64_t{1} << 30};
  FullQueue full_dead_letters = FullQueue::block;
  std::optional<std::chrono::milliseconds> dead_letter_age;
  std::chrono::milliseconds dead_letter_flush{5000};
  std::filesystem::path dead_letter_path;  ///< path.data/dead_letter_queue unless set
};

/// Where the dead-letter queues of pipelines with these settings are; a directory for each
/// pipeline.
std::filesystem::path dead_letter_path(const Process& process, const Pipeline& pipeline);

/// The declared lists, for help texts.
Options<Process> process_settings();
Options<Pipeline> pipeline_settings();

/// Everything that was set, with what to say about it.
struct Settings {
  config::SourceSet sources;
  config::Diagnostics diagnostics;
  Process process;
  /// One from -e, -f or the settings file; else those of pipelines.yml; empty where nothing says
  /// what to run.
  std::vector<Pipeline> pipelines;
  /// The arguments that are not settings, in order: subcommands, files, --help, --version.
  std::vector<std::string> rest;
};

/// Reads the command line `arguments` (without the program's name) and the files in path.settings,
/// which are `millrace.yml`, `logstash.yml` (the former wins) and `pipelines.yml`. A flag wins over
/// pipelines.yml, that over the settings files, those over defaults. A directory that was named
/// must exist; the files need not.
///
/// Settings that only make sense on a JVM or in the commercial bundle are accepted; one warning
/// lists them. Settings for what this build does not do are errors unless they ask for nothing.
Settings read(std::span<const std::string> arguments, const config::VariableLookup& variables);

}  // namespace millrace::settings
