#include "plugins/mirror/verify_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <thread>

#include "pipeline/cli/signals.h"
#include "pipeline/config/load.h"
#include "pipeline/config/yaml_document.h"
#include "pipeline/observe/log.h"
#include "plugins/mirror/names.h"
#include "plugins/mirror/verify.h"

namespace millrace::mirror {
namespace {

enum Status { kEqual = 0, kNotEqual = 1, kNotCompared = 2 };

struct Request {
  std::vector<std::string> files;
  std::string source;
  std::string target;
  std::vector<std::pair<std::string, std::string>> copies;  ///< --topic A=B
  VerifyOptions options;
  std::int64_t limit = 100;
};

int refuse(std::string_view message) {
  fmt::print(stderr, "millrace mirror verify: {}\n", message);
  return kNotCompared;
}

Result<std::int64_t> number_of(const std::string& flag, const std::string& text) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && stop == text.data() + text.size() && number >= 0) return number;
  return fail(Errc::invalid, fmt::format("{}: expected a number, not `{}`", flag, text));
}

Result<void> take_flag(const std::string& flag, const std::string& value, Request& to) {
  if (flag == "--source" || flag == "--target") {
    (flag == "--source" ? to.source : to.target) = value;
    return {};
  }
  if (flag == "--topic") {
    const std::size_t equals = value.find('=');
    const std::string name = value.substr(0, equals);
    const std::string copy = equals == std::string::npos ? name : value.substr(equals + 1);
    if (!is_topic_name(name) || !is_topic_name(copy))
      return fail(Errc::invalid, fmt::format("--topic: `{}` is no name of a topic", value));
    to.options.topics.push_back(name);
    to.copies.emplace_back(name, copy);
    return {};
  }
  const auto number = number_of(flag, value);
  if (!number) return number.error();
  if (flag == "--since") to.options.since_ms = *number;
  if (flag == "--until") to.options.until_ms = *number;
  if (flag == "--limit") to.limit = *number;
  return {};
}

Result<Request> read(const std::vector<std::string>& arguments) {
  Request request;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (std::find(kVerifyFlags.begin(), kVerifyFlags.end(), word) == kVerifyFlags.end()) {
      request.files.push_back(word);
    } else if (auto taken = take_flag(word, arguments[++i], request); !taken) {
      return fail(std::move(taken).error());
    }
  }
  const bool by_flags = !request.source.empty() || !request.target.empty();
  if (request.files.size() != (by_flags ? 0u : 1u))
    return fail(Errc::invalid, "expected one FILE.yaml, or --source, --target and --topic");
  if (by_flags && (request.source.empty() || request.target.empty() || request.copies.empty()))
    return fail(Errc::invalid, "--source, --target and --topic go together");
  if (!by_flags)
    for (const auto& [name, copy] : request.copies)
      if (name != copy)
        return fail(Errc::invalid,
                    "--topic: the file says what copies are called; give the name only");
  return request;
}

std::string yaml_string(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

/// The flow that the flags describe, as a file would. A topic's name is a regular expression there,
/// in which only its dots mean something else.
std::string flow_of_flags(const Request& request) {
  const auto literal = [](const std::string& name) {
    std::string out;
    for (const char c : name) out += c == '.' ? "\\." : std::string(1, c);
    return yaml_string(out);
  };
  std::string topics, map;
  for (const auto& [name, copy] : request.copies) {
    topics += fmt::format("- {}\n", literal(name));
    map += fmt::format("  {}: {}\n", literal(name), yaml_string(copy));
  }
  return fmt::format(
      "flow: verify\nexclude: []\nsource: {{alias: source, bootstrap_servers: {}}}\n"
      "target: {{alias: target, bootstrap_servers: {}}}\nnames: map\ntopics:\n{}topic_map:\n{}",
      yaml_string(request.source), yaml_string(request.target), topics, map);
}

/// nullopt: what is wrong was printed.
std::optional<FlowSettings> flow_of(const Request& request, const PipelineInfo& info) {
  config::SourceSet sources;
  config::Diagnostics diagnostics;
  std::optional<FlowSettings> flow;
  if (request.files.empty()) {
    flow = read_flow(sources.add("flags", flow_of_flags(request)), sources, info, diagnostics);
  } else if (auto text = config::read_text_file(request.files[0], config::kMaxYamlBytes)) {
    flow = read_flow(sources.add(request.files[0], std::move(*text)), sources, info, diagnostics);
  } else {
    diagnostics.error({}, text.error().message);
  }
  const std::string said = diagnostics.render(sources, isatty(STDERR_FILENO));
  std::fwrite(said.data(), 1, said.size(), stderr);
  return flow;
}

std::string place(const kafka::TopicPartition& partition) {
  return fmt::format("{}/{}", partition.topic, partition.partition);
}

std::string side(const Side& side) {
  if (side.records == 0) return "no records";
  return fmt::format("{} records at {} to {}, hash {:016x}", side.records, side.first, side.last,
                     side.hash);
}

void print_partition(const VerifiedPartition& one) {
  const Audit& audit = one.audit;
  fmt::print("{} and {}/{}: {}; source: {}; target: {}\n", place(one.source), one.target_topic,
             one.source.partition, audit.equal() ? "equal" : "NOT EQUAL", side(audit.source),
             side(audit.target));
}

int print_totals(const VerifyTotals& totals) {
  const Audit& sum = totals.sum;
  if (totals.topics == 0) return refuse("there is no topic to compare");
  if (totals.unequal == 0) {
    fmt::print("equal: {} records in {} partitions of {} topics\n", totals.records,
               totals.partitions, totals.topics);
    return kEqual;
  }
  fmt::print("NOT EQUAL: {} altered, {} missing, {} extra, {} repeated in {} of {} partitions\n",
             sum.altered, sum.missing, sum.extra, sum.repeated, totals.unequal, totals.partitions);
  return kNotEqual;
}

/// Until it is done, or a signal comes.
Result<VerifyTotals> run(const FlowSettings& flow, const Request& request) {
  const cli::Signals signals;
  StopSignal stop;
  std::int64_t printed = 0;
  const VerifyReport report{[&](const kafka::TopicPartition& partition, const Finding& finding) {
                              if (printed++ < request.limit)
                                fmt::print("{}: {}\n", place(partition), describe(finding));
                            },
                            print_partition};
  Result<VerifyTotals> totals = fail(Errc::closed, "stopped");
  std::thread work([&] {
    totals = verify(flow, request.options, report, stop);
    cli::Signals::interrupt();
  });
  if (signals.wait(std::chrono::hours(24 * 365)) != 0) stop.request();
  work.join();
  if (printed > request.limit)
    fmt::print("... and {} more findings; --limit prints them\n", printed - request.limit);
  return totals;
}

}  // namespace

int verify_command(const std::vector<std::string>& arguments, const PipelineInfo& info) {
  const auto request = read(arguments);
  if (!request) return refuse(request.error().message);
  const auto flow = flow_of(*request, info);
  if (!flow) return kNotCompared;
  const auto totals = run(*flow, *request);
  log::flush();
  return totals ? print_totals(*totals) : refuse(totals.error().message);
}

}  // namespace millrace::mirror
