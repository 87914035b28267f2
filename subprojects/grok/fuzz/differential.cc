// Holds grok's tiers to one another and to Oniguruma: random expressions on random and derived
// lines, or the standard patterns on real-looking ones. Prints each difference as small as it can
// be made.
//
// usage: grok_differential [--patterns DIR] [--lines FILE] [--seconds N] [--seed S] [--jobs J]
//                          [--replay TRIAL] [--no-judge] [--most N]
//   --patterns  the directory with legacy/ and ecs-v1/: its patterns instead of random expressions
//   --lines     real log lines for them
//   --seconds   how long (10); with --replay once
//   --seed      which trials there are (1)
//   --jobs      threads (1)
//   --replay    one trial of those, by the number that a difference was printed with
//   --no-judge  without Oniguruma: only grok's tiers
//   --most      how many differences before it ends (10)
// The exit status is 1 where there was a difference; the last line is `N passed, N failed`.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "shrink.h"
#include "sources.h"
#include "testing/pattern_files.h"

namespace grok::fuzz {
namespace {

using testing::Node;
using testing::Random;

struct Settings {
  std::string patterns;
  std::string lines;
  std::uint64_t seconds = 10;
  std::uint64_t seed = 1;
  std::uint64_t jobs = 1;
  std::uint64_t most = 10;
  std::optional<std::uint64_t> replay;
  bool judge = true;
};

struct Totals {
  std::uint64_t expressions = 0;
  std::uint64_t comparisons = 0;  // lines, times engines
  std::map<std::string, std::uint64_t> tiers;
  std::map<std::string, std::uint64_t> refused;  // by message
};

/// Bytes that a shell and a C program both take.
std::string quoted(const std::string& text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += std::string("\\") + c;
    else if (byte < 0x20 || byte >= 0x7F)
      out += std::string("\\x") + kHex[byte >> 4] + kHex[byte & 15];
    else
      out += c;
  }
  return out + "\"";
}

class Fuzzer {
 public:
  Fuzzer(const Settings& settings, const std::vector<PatternSet>& sets,
         std::vector<std::string> lines)
      : settings_(settings), sets_(sets), lines_(std::move(lines)) {}

  int run() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(settings_.seconds);
    std::vector<std::thread> threads;
    for (std::uint64_t job = 0; job < (settings_.replay ? 1 : settings_.jobs); ++job)
      threads.emplace_back([this, end] { work(end); });
    for (std::thread& thread : threads) thread.join();
    print_totals();
    return found_.empty() ? 0 : 1;
  }

 private:
  void work(std::chrono::steady_clock::time_point end) {
    const auto source = settings_.patterns.empty()
                            ? random_source(settings_.judge)
                            : standard_source(sets_, lines_, settings_.judge);
    Totals totals;
    if (settings_.replay) {
      trial(*source, *settings_.replay, totals);
    } else {
      while (std::chrono::steady_clock::now() < end && !enough_)
        trial(*source, next_trial_++, totals);
    }
    add(totals);
  }

  void trial(Source& source, std::uint64_t number, Totals& totals) {
    Random random(settings_.seed * 0x100000001B3ull + number);
    Trial trial = source.next(random);
    if (!trial.comparison->refused().empty()) {
      ++totals.refused[trial.comparison->refused()];
      return;
    }
    ++totals.expressions;
    ++totals.tiers[std::string(describe(trial.comparison->tier()))];
    for (std::string& line : trial.lines) {
      totals.comparisons += trial.comparison->size();
      if (!trial.comparison->differs(line)) continue;
      tell(trial, line, number);
      return;
    }
  }

  /// Prints the difference, made small where it shows in the bare expression, too.
  void tell(const Trial& trial, std::string line, std::uint64_t number) {
    Node tree = trial.tree;
    const StillShows shows = [this](const Node& node, const std::string& text) {
      return Comparison(node, settings_.judge).differs(text);
    };
    const bool bare = shows(tree, line);
    if (bare) shrink(tree, line, shows);
    Comparison small(tree, settings_.judge);
    Comparison& shown = bare ? small : *trial.comparison;
    shown.differs(line);
    const std::string expression =
        bare ? print(tree, testing::Dialect::ruby).text : trial.expression;

    const std::lock_guard lock(mutex_);
    if (enough_ || !found_.insert(expression).second) return;
    enough_ = found_.size() >= settings_.most;
    std::printf("difference, trial %llu of %s\n  expression: %s\n  line: %s\n%s\n",
                static_cast<unsigned long long>(number), quoted(trial.expression).c_str(),
                expression.c_str(), quoted(line).c_str(), shown.report().c_str());
    std::fflush(stdout);
  }

  void add(const Totals& totals) {
    const std::lock_guard lock(mutex_);
    totals_.expressions += totals.expressions;
    totals_.comparisons += totals.comparisons;
    for (const auto& [tier, count] : totals.tiers) totals_.tiers[tier] += count;
    for (const auto& [why, count] : totals.refused) totals_.refused[why] += count;
  }

  void print_totals() const {
    std::uint64_t refused = 0;
    for (const auto& [why, count] : totals_.refused) refused += count;
    std::printf("%llu expressions, %llu comparisons, %llu refused\n",
                static_cast<unsigned long long>(totals_.expressions),
                static_cast<unsigned long long>(totals_.comparisons),
                static_cast<unsigned long long>(refused));
    for (const auto& [tier, count] : totals_.tiers)
      std::printf("  run by %s: %llu\n", tier.c_str(), static_cast<unsigned long long>(count));
    for (const auto& [why, count] : totals_.refused)
      if (count * 100 > refused)
        std::printf("  refused %llu: %s\n", static_cast<unsigned long long>(count), why.c_str());
    std::printf("%d passed, %zu failed\n", found_.empty() ? 1 : 0, found_.size());
  }

  const Settings& settings_;
  const std::vector<PatternSet>& sets_;
  const std::vector<std::string> lines_;
  std::atomic<std::uint64_t> next_trial_{0};
  std::atomic<bool> enough_{false};
  std::mutex mutex_;
  Totals totals_;                // guarded by mutex_
  std::set<std::string> found_;  // guarded by mutex_
};

std::optional<Settings> read_arguments(int count, char** arguments) {
  Settings settings;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (name == "--no-judge") {
      settings.judge = false;
      continue;
    }
    if (++i == count) return std::nullopt;
    const std::string value = arguments[i];
    const auto number = [&value] { return std::strtoull(value.c_str(), nullptr, 10); };
    if (name == "--patterns")
      settings.patterns = value;
    else if (name == "--lines")
      settings.lines = value;
    else if (name == "--seconds")
      settings.seconds = number();
    else if (name == "--seed")
      settings.seed = number();
    else if (name == "--jobs")
      settings.jobs = number();
    else if (name == "--most")
      settings.most = number();
    else if (name == "--replay")
      settings.replay = number();
    else
      return std::nullopt;
  }
  return settings;
}

int main_of(int count, char** arguments) {
  const auto settings = read_arguments(count, arguments);
  if (!settings) {
    std::fprintf(stderr,
                 "grok_differential: see the head of fuzz/differential.cc for its options\n");
    return 2;
  }
  std::vector<PatternSet> sets;
  if (!settings->patterns.empty())
    for (const char* const set : {"/legacy", "/ecs-v1"})
      sets.push_back(testing::read_patterns(settings->patterns + set));
  std::vector<std::string> lines;
  std::ifstream in(settings->lines);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return Fuzzer(*settings, sets, std::move(lines)).run();
}

}  // namespace
}  // namespace grok::fuzz

int main(int argc, char** argv) { return grok::fuzz::main_of(argc, argv); }
