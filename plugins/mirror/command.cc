#include "plugins/mirror/command.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "pipeline/cli/signals.h"
#include "pipeline/config/load.h"
#include "pipeline/config/yaml_document.h"
#include "pipeline/observe/log.h"
#include "pipeline/observe/thread_name.h"
#include "plugins/mirror/flow.h"
#include "plugins/mirror/verify_command.h"

namespace millrace {
namespace {

using mirror::Flow;
using mirror::FlowSettings;

constexpr const char* kUsage = R"(usage: millrace mirror [--check] FILE.yaml... | --keys

Mirrors topics of one Kafka cluster to another, record by record as they are. Each file is a flow;
its keys are listed in docs/mirroring.md. Runs until SIGTERM or SIGINT.

  --check     only say what is wrong with the files
  --keys      only list the keys of a file

Exit status: 0 a signal ended it, 1 a file is wrong, 2 a flow could not go on.
)";

enum Status { kGood = 0, kBadFile = 1, kDied = 2 };

/// The flows of the files; empty where something is wrong, which was printed.
std::vector<FlowSettings> read_flows(const std::vector<std::string>& files,
                                     const PipelineInfo& info) {
  config::SourceSet sources;
  config::Diagnostics diagnostics;
  std::vector<FlowSettings> flows;
  std::set<std::pair<std::string, std::string>> names;
  for (const std::string& file : files) {
    auto text = config::read_text_file(file, config::kMaxYamlBytes);
    if (!text) {
      diagnostics.error({}, text.error().message);
      continue;
    }
    const config::SourceId source = sources.add(file, std::move(*text));
    auto flow = mirror::read_flow(source, sources, info, diagnostics);
    if (!flow) continue;
    if (!names.emplace(flow->options.flow, flow->target_alias).second)
      diagnostics.error({source, 0, 0}, fmt::format("another file has a flow `{}` to `{}` too",
                                                    flow->options.flow, flow->target_alias));
    flows.push_back(std::move(*flow));
  }
  const std::string said = diagnostics.render(sources, isatty(STDERR_FILENO));
  std::fwrite(said.data(), 1, said.size(), stderr);
  if (diagnostics.has_errors()) flows.clear();
  return flows;
}

/// Each of the library's threads would get a heap of its own, and what one frees stays with the
/// one that made it: records pass three of them.
void share_heaps(const std::vector<FlowSettings>& flows) {
  std::int64_t shards = 1;
  for (const FlowSettings& flow : flows) shards += flow.options.shards;
  mallopt(M_ARENA_MAX, static_cast<int>(std::min<std::int64_t>(shards, 1024)));
}

int run_flows(std::vector<FlowSettings> settings, const PipelineInfo& info) {
  share_heaps(settings);
  const cli::Signals signals;
  StopSignal stop;
  std::atomic<std::size_t> running{settings.size()};
  std::atomic<bool> died{false};
  std::vector<std::thread> threads;
  for (FlowSettings& one : settings) {
    auto rules = mirror::TopicRules::create(one.options);
    threads.emplace_back([&, flow = std::make_shared<Flow>(std::move(one), std::move(*rules),
                                                           mirror::instance_name(info))] {
      name_thread("flow");
      if (!flow->run(stop)) died = true;
      --running;
      cli::Signals::interrupt();
    });
  }
  while (running > 0)
    if (signals.wait(std::chrono::hours(1)) != 0) stop.request();
  for (std::thread& thread : threads) thread.join();
  log::flush();
  return died ? kDied : kGood;
}

int print_keys() {
  const Options<mirror::FlowOptions> table = mirror::flow_options();
  for (const OptionInfo& key : table.list()) {
    if (!key.refused.empty()) continue;
    const std::string otherwise = key.rules.required         ? ", required"
                                  : key.default_text.empty() ? ""
                                                             : ", default " + key.default_text;
    fmt::print("{} ({}{})\n    {}\n", key.name, key.type, otherwise, key.help);
  }
  return kGood;
}

/// Flags, with their values, come first.
std::vector<std::string>::iterator first_word(std::vector<std::string>& arguments) {
  auto word = arguments.begin();
  while (word != arguments.end() && word->starts_with("--")) {
    const auto& with_value = mirror::kVerifyFlags;
    const bool pair = std::find(with_value.begin(), with_value.end(), *word) != with_value.end();
    word += pair ? 2 : 1;
  }
  return word;
}

int run(std::vector<std::string> arguments, const PipelineInfo& info) {
  if (const auto verb = first_word(arguments); verb != arguments.end() && *verb == "verify") {
    arguments.erase(verb);
    return mirror::verify_command(arguments, info);
  }
  std::vector<std::string> files;
  bool only_check = false;
  for (const std::string& word : arguments) {
    if (word == "--keys") return print_keys();
    if (word == "--check")
      only_check = true;
    else
      files.push_back(word);
  }
  if (files.empty()) {
    fmt::print(stderr, "millrace mirror: expected a file\n\n{}", kUsage);
    return kBadFile;
  }
  std::vector<FlowSettings> flows = read_flows(files, info);
  if (flows.empty()) return kBadFile;
  if (!only_check) return run_flows(std::move(flows), info);
  fmt::print("Configuration OK\n");
  return kGood;
}

}  // namespace

cli::Tool mirror_tool() {
  return {"mirror",
          std::string(kUsage) + mirror::kVerifyUsage,
          {"--check", "--keys"},
          mirror::kVerifyFlags,
          run};
}

}  // namespace millrace
