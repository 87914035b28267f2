#include "plugins/tools/grok_tool.h"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <span>

#include "grok/pattern_list.h"
#include "plugins/filters/grok_counters.h"
#include "plugins/support/grok_patterns.h"
#include "plugins/tools/grok_show.h"

namespace millrace {
namespace {

constexpr const char* kUsage = R"(usage: millrace grok [OPTIONS] PATTERN... < LINES

Tries the patterns in order on each line: what each capture took, or how far the line matched and
what stopped it. Captures are shown with their places, in bytes.

  --color auto|always|never   colours that show which part of a line each capture took (auto: on a
                              terminal)
  --bench                     only how long it takes: all lines are read, then matched for a second
  --patterns-dir DIR          a directory with pattern files of your own; may be given again
  --define NAME=DEFINITION    a pattern of your own; may be given again
  --all-captures              capture `%{WORD}` too, as `WORD`
  --pipeline.ecs_compatibility disabled   the legacy patterns; v1 and v8: those with ECS names

Exit status: 0, or 1 where a pattern is wrong.
)";

constexpr std::size_t kMostBenchBytes = std::size_t{256} << 20;

struct Request {
  std::vector<std::string> expressions;
  std::vector<std::string> directories;
  std::vector<std::string> definitions;
  std::string color = "auto";
  bool bench = false;
  bool all_captures = false;
};

int refuse(const std::string& message) {
  fmt::print(stderr, "millrace grok: {}\n", message);
  return 1;
}

/// The error in `wrong`, where there is one.
Request read(const std::vector<std::string>& arguments, std::string& wrong) {
  Request request;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--bench")
      request.bench = true;
    else if (word == "--all-captures")
      request.all_captures = true;
    else if (word == "--color")
      request.color = arguments[++i];
    else if (word == "--patterns-dir")
      request.directories.push_back(arguments[++i]);
    else if (word == "--define")
      request.definitions.push_back(arguments[++i]);
    else
      request.expressions.push_back(word);
  }
  if (request.color != "auto" && request.color != "always" && request.color != "never")
    wrong = "--color: expected auto, always or never, not `" + request.color + "`";
  else if (request.expressions.empty())
    wrong = "expected a pattern: millrace grok '%{COMBINEDAPACHELOG}' < FILE";
  for (const std::string& definition : request.definitions)
    if (definition.find('=') == std::string::npos || definition.front() == '=')
      wrong = "--define: expected NAME=DEFINITION, not `" + definition + "`";
  return request;
}

class Session {
 public:
  Session(const Request& request, std::vector<std::shared_ptr<const grok::Pattern>> patterns)
      : request_(request),
        list_(std::move(patterns)),
        color_(request.color == "always" || (request.color == "auto" && isatty(STDOUT_FILENO))) {}

  void show_tiers() const {
    for (std::size_t i = 0; i < list_.size(); ++i) {
      std::string text = list_.size() > 1 ? "pattern " + std::to_string(i + 1) : "pattern";
      const char* between = " ";
      for (const std::string& line : describe_tier(list_[i])) {
        text += between + line;
        between = "\n";
      }
      fmt::print("{}\n", text);
    }
  }

  void show(std::string_view line) {
    bool gave_up = false;
    const std::size_t found = match(line, gave_up);
    if (found < list_.size()) {
      if (list_.size() > 1) fmt::print("pattern {}: ", found + 1);
      const std::span<const grok::Span> spans(spans_.data(), list_[found].captures().size());
      fmt::print("{}", show_match(line, list_[found], spans, color_));
    } else {
      fmt::print("{}{}", gave_up ? "gave up: " : "no match: ", std::string(line) + "\n");
      if (!gave_up) explain(line);
    }
  }

  void bench(const std::vector<std::string>& lines) {
    std::size_t bytes = 0, matches = 0, rounds = 0;
    for (const std::string& line : lines) bytes += line.size();
    const double start = cpu_seconds();
    double spent = 0;
    for (; spent < 1; spent = cpu_seconds() - start, ++rounds) {
      matches = 0;
      for (const std::string& line : lines) {
        bool gave_up = false;
        matches += match(line, gave_up) < list_.size();
      }
    }
    const double each = spent / static_cast<double>(rounds * lines.size());
    fmt::print("{} lines, {} match, {:.0f} bytes a line\n", lines.size(), matches,
               static_cast<double>(bytes) / static_cast<double>(lines.size()));
    fmt::print("{:.0f} ns a line, {:.0f} lines/s, {:.1f} MB/s on one core\n", each * 1e9, 1 / each,
               static_cast<double>(bytes) / static_cast<double>(lines.size()) / each / 1e6);
  }

 private:
  static double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }

  /// The first pattern that matches; list_.size(): none.
  std::size_t match(std::string_view line, bool& gave_up) {
    candidates_.begin(list_, line);
    for (std::size_t i = candidates_.next(); i < list_.size(); i = candidates_.next()) {
      spans_.resize(std::max(spans_.size(), list_[i].captures().size()));
      const grok::Outcome outcome = list_[i].match(line, scratch_, spans_);
      if (outcome == grok::Outcome::match) return i;
      gave_up |= outcome == grok::Outcome::limit;
    }
    return list_.size();
  }

  /// Of several patterns the one that came furthest.
  void explain(std::string_view line) {
    std::optional<grok::Pattern::Stop> furthest;
    std::size_t which = 0;
    for (std::size_t i = 0; i < list_.size(); ++i) {
      auto stop = list_[i].explain(line, scratch_);
      if (!stop || (furthest && stop->at <= furthest->at)) continue;
      furthest = std::move(stop);
      which = i;
    }
    if (!furthest) {
      fmt::print("  how far it matches can be told in the tier automaton only\n");
      return;
    }
    if (list_.size() > 1) fmt::print("  pattern {} comes furthest\n", which + 1);
    fmt::print("{}", show_stop(line, *furthest, request_.expressions[which], color_));
  }

  const Request& request_;
  const grok::PatternList list_;
  const bool color_;
  grok::PatternList::Candidates candidates_;
  grok::Pattern::Scratch scratch_;
  std::vector<grok::Span> spans_;
};

int bench_all(Session& session) {
  std::vector<std::string> lines;
  std::size_t bytes = 0;
  for (std::string line; bytes < kMostBenchBytes && std::getline(std::cin, line);) {
    bytes += line.size() + sizeof line;
    lines.push_back(std::move(line));
  }
  if (lines.empty()) return refuse("--bench: there are no lines on standard input");
  session.bench(lines);
  return 0;
}

int run(const std::vector<std::string>& arguments, const PipelineInfo& info) {
  std::string wrong;
  const Request request = read(arguments, wrong);
  if (!wrong.empty()) return refuse(wrong);
  grok::PatternSet patterns = standard_patterns(info.ecs);
  if (const auto problem = add_pattern_directories(patterns, request.directories, "*"))
    return refuse(*problem);
  for (const std::string& definition : request.definitions) {
    const std::size_t equals = definition.find('=');
    patterns.add(definition.substr(0, equals), definition.substr(equals + 1));
  }
  std::vector<std::shared_ptr<const grok::Pattern>> compiled;
  for (const std::string& expression : request.expressions) {
    auto pattern = grok::Pattern::compile(expression, patterns,
                                          {.named_captures_only = !request.all_captures});
    if (!pattern) return refuse(grok::render(pattern.error()));
    compiled.push_back(std::move(*pattern));
  }
  Session session(request, std::move(compiled));
  session.show_tiers();
  if (request.bench) return bench_all(session);
  for (std::string line; std::getline(std::cin, line);) session.show(line);
  return 0;
}

}  // namespace

cli::Tool grok_tool() {
  return {"grok",
          kUsage,
          {"--bench", "--all-captures"},
          {"--color", "--patterns-dir", "--define"},
          run};
}

}  // namespace millrace
