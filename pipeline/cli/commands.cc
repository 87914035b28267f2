#include "pipeline/cli/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <iostream>

#include "pipeline/cli/dlq_command.h"
#include "pipeline/cli/dlq_replay.h"
#include "pipeline/cli/reference.h"
#include "pipeline/cli/runner.h"
#include "pipeline/cli/version.h"
#include "pipeline/observe/log.h"
#include "pipeline/settings/settings.h"

namespace millrace::cli {
namespace {

constexpr const char* kUsage =
    R"(usage: millrace [run] [-f PATH|GLOB|DIR | -e STRING] [settings]
       millrace check [-f PATH|GLOB|DIR | -e STRING]   validate, and show the plan
       millrace dlq ls|show|top|replay|purge           dead letters; see millrace dlq --help
       millrace grok PATTERN... < LINES                try patterns; see millrace grok --help
       millrace mirror FILE...                         one Kafka cluster to another; see millrace mirror --help
       millrace plugins [NAME]                         what there is, and its options
       millrace plugins reference KIND                 Markdown of all inputs, filters, outputs or codecs
       millrace --version | --help

Without -f and -e the pipelines of pipelines.yml in the settings directory run.
  -f, --path.config PATH   a file, a directory or a glob; several files are one config
  -e, --config.string TEXT a config; without an input it reads stdin, without an output it prints
  -t, --config.test_and_exit  only validate
  -w, --pipeline.workers N    -b, --pipeline.batch.size N    -u, --pipeline.batch.delay MS
  --path.settings DIR  --path.data DIR  --log.level LEVEL  --log.format plain|json
Every setting is also a flag: --NAME VALUE. Its own log goes to stderr, events to stdout.

Exit status: 0 all inputs ended or a signal asked for it, 1 bad configuration, 2 a pipeline died.
)";

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

/// What every subcommand has to work with.
struct Invocation {
  settings::Settings settings;
  Registry registry;
  config::EffectsOf effects;
  std::vector<PipelineForm> forms;
  DlqOptions dlq;

  std::vector<PipelineJob> jobs() const {
    std::vector<PipelineJob> jobs;
    for (const settings::Pipeline& wanted : settings.pipelines) jobs.push_back(job(wanted));
    return jobs;
  }

  /// Where the queues are that `dlq` is about.
  std::filesystem::path dead_letter_base() const {
    const auto named =
        std::find_if(settings.pipelines.begin(), settings.pipelines.end(),
                     [&](const settings::Pipeline& one) { return one.id == dlq.pipeline; });
    return settings::dead_letter_path(
        settings.process, named == settings.pipelines.end() ? settings.pipelines.front() : *named);
  }

 private:
  std::filesystem::path dead_letter_directory(const settings::Pipeline& wanted) const {
    return settings::dead_letter_path(settings.process, wanted) / wanted.id;
  }

  std::shared_ptr<DeadLetters> dead_letters(const settings::Pipeline& wanted) const {
    const std::string component = "dead letters of " + wanted.id;
    if (!wanted.dead_letters) return counting_dead_letters(component);
    return std::make_shared<DeadLetterStore>(
        DeadLetterSettings{.directory = dead_letter_directory(wanted),
                           .max_bytes = wanted.dead_letter_bytes.count,
                           .when_full = wanted.full_dead_letters,
                           .retain_age = wanted.dead_letter_age,
                           .flush_interval = wanted.dead_letter_flush,
                           .component = component});
  }

  PipelineJob job(const settings::Pipeline& wanted) const {
    PipelineJob job;
    job.settings.id = wanted.id;
    job.settings.workers = wanted.workers;
    job.settings.batch_size = static_cast<std::uint32_t>(wanted.batch_size);
    job.settings.batch_delay = wanted.batch_delay;
    job.settings.ordered = wanted.ordered != settings::Ordered::no;
    job.settings.dead_letters = dead_letters(wanted);
    job.info.id = wanted.id;
    job.info.node_name = settings.process.node_name;
    job.info.host_name = host_name();
    job.info.data_directory = settings.process.data_directory;
    job.info.ecs = wanted.ecs;
    job.info.console = isatty(STDOUT_FILENO);
    job.info.dead_letters = job.settings.dead_letters;
    if (wanted.dead_letters) job.info.dead_letter_directory = dead_letter_directory(wanted);
    job.config_path = wanted.config_path;
    job.config_string = wanted.config_string;
    job.load.support_escapes = wanted.support_escapes;
    job.effects = effects;
    job.forms = forms;
    return job;
  }
};

int usage_error(const std::string& message) {
  fmt::print(stderr, "millrace: {}\n\n{}", message, kUsage);
  return kBadConfig;
}

int no_config() {
  return usage_error(
      "nothing to run: give a config with -f or -e, or a pipelines.yml in --path.settings");
}

int run_command(const Invocation& call, const std::vector<std::string>& words) {
  if (!words.empty()) return usage_error(fmt::format("unexpected argument `{}`", words.front()));
  const std::vector<PipelineJob> jobs = call.jobs();
  if (jobs.empty()) return no_config();
  if (!call.settings.process.test_and_exit)
    return run(jobs, call.registry, call.settings.process.shutdown_timeout);
  bool good = true;
  for (const PipelineJob& job : jobs) {
    const Compiled compiled = compile(job, call.registry);
    print_diagnostics(compiled.loaded);
    good = good && compiled.plan;
  }
  if (good) fmt::print("Configuration OK\n");
  return good ? kSuccess : kBadConfig;
}

int check_command(const Invocation& call, const std::vector<std::string>& words) {
  if (!words.empty()) return usage_error(fmt::format("unexpected argument `{}`", words.front()));
  const std::vector<PipelineJob> jobs = call.jobs();
  if (jobs.empty()) return no_config();
  bool good = true;
  for (const PipelineJob& job : jobs) {
    const Compiled compiled = compile(job, call.registry);
    print_diagnostics(compiled.loaded);
    good = good && compiled.plan;
    if (compiled.plan)
      fmt::print("pipeline {}: OK\n{}", job.settings.id, compiled.plan->describe());
  }
  return good ? kSuccess : kBadConfig;
}

int plugins_command(const Invocation& call, const std::vector<std::string>& words) {
  if (words.empty()) {
    fmt::print("{}", plugin_list(call.registry));
    return kSuccess;
  }
  if (words.front() == "reference" && words.size() == 2) {
    fmt::print("{}", reference_page(call.registry, words[1]));
    return kSuccess;
  }
  const std::string page = plugin_page(call.registry, words.front());
  if (words.size() != 1 || page.empty())
    return usage_error(fmt::format("no plugin is called `{}`", words.front()));
  fmt::print("{}", page);
  return kSuccess;
}

int dlq_command(const Invocation& call, const std::vector<std::string>& words) {
  if (words.size() != 1) {
    fmt::print(stderr, "millrace dlq: expected one of ls, show, top, replay, purge\n\n{}",
               kDlqUsage);
    return kBadConfig;
  }
  const std::filesystem::path base = call.dead_letter_base();
  const bool changes = words.front() == "replay" || words.front() == "purge";
  if (changes && call.dlq.filter.done_too)
    return dlq_failed(fail(Errc::invalid,
                           "--done is for show and top: what was replayed or purged "
                           "is done with"));
  if (words.front() == "ls") return dlq_ls(call.dlq, base, std::cout);
  if (words.front() == "show") return dlq_show(call.dlq, base, std::cout);
  if (words.front() == "top") return dlq_top(call.dlq, base, std::cout);
  if (words.front() == "replay")
    return dlq_replay(call.dlq, base, call.jobs(), call.registry, std::cout);
  if (words.front() == "purge") return dlq_purge(call.dlq, base, std::cout);
  fmt::print(stderr, "millrace dlq: unknown command `{}`\n\n{}", words.front(), kDlqUsage);
  return kBadConfig;
}

using Command = std::function<int(const Invocation&, const std::vector<std::string>&)>;

Command find_command(const std::string& name) {
  if (name == "run") return run_command;
  if (name == "check") return check_command;
  if (name == "dlq") return dlq_command;
  if (name == "plugins") return plugins_command;
  return nullptr;
}

/// The settings for `command`. One that needs no config to run gets an empty one, so that the
/// settings of a pipeline count.
settings::Settings read_settings(std::vector<std::string> given, std::string_view command,
                                 bool is_tool) {
  settings::Settings settings;
  if (!is_tool) settings = settings::read(given, config::environment());
  const bool needs_one = is_tool || (command == "dlq" && settings.pipelines.empty());
  if (!needs_one || settings.diagnostics.has_errors()) return settings;
  given.push_back("--config.string=");
  return settings::read(given, config::environment());
}

/// Takes a tool's own flags out of `given`, values behind them. A flag without its value is left
/// there, for the settings to refuse.
std::vector<std::string> take_flags(const Tool& tool, std::vector<std::string>& given) {
  const auto is_one_of = [](const std::vector<std::string>& flags, const std::string& word) {
    return std::find(flags.begin(), flags.end(), word) != flags.end();
  };
  std::vector<std::string> taken, left;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string& word = given[i];
    const std::size_t equals = std::min(word.find('='), word.size());
    if (word == "--") {
      left.insert(left.end(), given.begin() + static_cast<std::ptrdiff_t>(i), given.end());
      break;
    }
    if (is_one_of(tool.flags, word)) {
      taken.push_back(word);
    } else if (is_one_of(tool.flags_with_value, word) && i + 1 < given.size()) {
      taken.push_back(word);
      taken.push_back(given[++i]);
    } else if (equals < word.size() && is_one_of(tool.flags_with_value, word.substr(0, equals))) {
      taken.push_back(word.substr(0, equals));
      taken.push_back(word.substr(equals + 1));
    } else {
      left.push_back(word);
    }
  }
  given = std::move(left);
  return taken;
}

}  // namespace

int main(const std::vector<std::string>& arguments, Registry registry, config::EffectsOf effects,
         std::vector<PipelineForm> forms, std::vector<Tool> tools) {
  std::vector<std::string> given = arguments;
  const std::string command_name = given.empty() ? "" : given.front();
  DlqOptions dlq;
  if (command_name == "dlq") {
    auto taken = take_dlq_options(given, Timestamp::now());
    if (!taken) return dlq_failed(taken.error());
    dlq = std::move(*taken);
  }
  const auto tool = std::find_if(tools.begin(), tools.end(),
                                 [&](const Tool& one) { return one.name == command_name; });
  const bool is_tool = tool != tools.end();
  std::vector<std::string> own_flags;
  if (is_tool) own_flags = take_flags(*tool, given);
  Invocation call{read_settings(given, command_name, is_tool), std::move(registry),
                  std::move(effects), std::move(forms), std::move(dlq)};
  std::vector<std::string> words = call.settings.rest;
  for (const std::string& word : words) {
    if (word == "--help" || word == "-h")
      return fmt::print("{}", is_tool                 ? tool->usage
                              : command_name == "dlq" ? kDlqUsage
                                                      : kUsage),
             kSuccess;
    if (word == "--version" || word == "-V") return fmt::print("millrace {}\n", kVersion), kSuccess;
  }
  const std::string said =
      call.settings.diagnostics.render(call.settings.sources, isatty(STDERR_FILENO));
  std::fwrite(said.data(), 1, said.size(), stderr);
  if (call.settings.diagnostics.has_errors()) return kBadConfig;

  FieldRef::set_escape_style(call.settings.process.escape_style);
  if (!log::configure({call.settings.process.log_level, call.settings.process.log_format,
                       call.settings.process.log_directory}))
    log::warn("millrace", "path.logs: {} cannot be written; the log goes to stderr",
              call.settings.process.log_directory);

  std::string name = "run";
  if (!words.empty() && !words.front().starts_with("-")) {
    name = words.front();
    words.erase(words.begin());
  }
  if (is_tool) {
    own_flags.insert(own_flags.end(), words.begin(), words.end());
    return tool->run(own_flags, call.jobs().front().info);
  }
  const Command command = find_command(name);
  return command ? command(call, words) : usage_error(fmt::format("unknown command `{}`", name));
}

}  // namespace millrace::cli
