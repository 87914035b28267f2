// grok beside PCRE2, RE2, Oniguruma and a tokenizer written by hand, on the same lines, in one run.
// usage: grok_bench PATTERNS [--rounds N] [--only TEXT]
//   PATTERNS  the directory that holds legacy/ and ecs-v1/
//   --rounds  how many rounds the medians are of (9)
//   --only    the cases whose names hold TEXT
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "contestants.h"
#include "testing/pattern_files.h"

namespace grok::bench {
namespace {

constexpr std::size_t kLines = 4096;
constexpr std::size_t kBatch = 128;
constexpr double kSliceNs = 20e6;

struct Settings {
  std::string patterns;
  std::string only;
  int rounds = 9;
};

struct Row {
  Case which;
  std::string tiers;
  double line_bytes = 0;
  std::size_t captures = 0;
  std::array<double, kColumns> ns{};  // per line; 0: not run
  double last_alone_ns = 0;
};

/// Runs an engine over the lines, round and round; ns per line of one slice of time.
class Stopwatch {
 public:
  Stopwatch(const std::vector<std::string>& lines, std::size_t captures)
      : lines_(lines), spans_(captures) {}

  double time(testing::Engine& engine) {
    std::size_t done = 0;
    const double start = now();
    double spent = 0;
    for (; spent < kSliceNs; spent = now() - start) {
      for (std::size_t i = 0; i < kBatch; ++i, at_ = (at_ + 1) % lines_.size())
        matched_ += engine.match(lines_[at_], spans_) == Outcome::match;
      done += kBatch;
    }
    return spent / static_cast<double>(done);
  }

 private:
  /// The thread's own time: what other programs take of the core does not count.
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  }

  const std::vector<std::string>& lines_;
  std::vector<Span> spans_;
  std::size_t at_ = 0;
  std::size_t matched_ = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

/// On how many lines an engine says anything else than Oniguruma does.
std::size_t disagreements(testing::Engine& engine, testing::Engine& judge, std::size_t captures,
                          const std::vector<std::string>& lines) {
  std::size_t count = 0;
  std::vector<Span> expected(captures), found(captures);
  for (const std::string& line : lines) {
    std::fill(expected.begin(), expected.end(), Span{});
    std::fill(found.begin(), found.end(), Span{});
    const Outcome outcome = judge.match(line, expected);
    const bool same = engine.match(line, found) == outcome &&
                      (outcome != Outcome::match ||
                       std::equal(found.begin(), found.end(), expected.begin(), [](Span a, Span b) {
                         return a.begin == b.begin && a.end == b.end;
                       }));
    count += !same;
  }
  return count;
}

void compare(const Contestants& contestants, const std::vector<std::string>& lines) {
  for (const Column column : {grok, pcre2, pcre2_utf, re2, hand}) {
    if (!contestants.engines[column] || !contestants.engines[oniguruma]) continue;
    // The ECS captures are fewer than those that the tokenizer makes.
    if (column == hand && contestants.captures != 12) continue;
    const std::size_t differ = disagreements(
        *contestants.engines[column], *contestants.engines[oniguruma], contestants.captures, lines);
    if (differ)
      std::printf("  %s differs from Oniguruma on %zu of %zu lines\n", kColumnNames[column], differ,
                  lines.size());
  }
}

/// Every round runs each engine once, so that a slow moment of the machine meets all of them.
void measure(Contestants& contestants, Stopwatch& stopwatch, int rounds, Row& row) {
  std::array<std::vector<double>, kColumns> samples;
  for (int round = 0; round <= rounds; ++round) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      if (!contestants.engines[column]) continue;
      const double ns = stopwatch.time(*contestants.engines[column]);
      if (round > 0) samples[column].push_back(ns);  // the first one warms the caches
    }
  }
  for (std::size_t column = 0; column < kColumns; ++column)
    row.ns[column] = median(samples[column]);
}

Row run(const Case& which, const Settings& settings) {
  Row row;
  row.which = which;
  const PatternSet patterns = testing::read_patterns(settings.patterns + "/" + which.set);
  const auto lines = make_lines(which.lines, kLines, 1);
  for (const std::string& line : lines) row.line_bytes += static_cast<double>(line.size()) / kLines;

  Contestants contestants = make_contestants(which, patterns);
  row.tiers = contestants.tiers;
  row.captures = contestants.captures;
  std::printf("%s: %.0f bytes a line, %zu captures, tier: %s\n", which.name.c_str(), row.line_bytes,
              row.captures, row.tiers.c_str());
  for (const std::string& note : contestants.notes) std::printf("  %s\n", note.c_str());
  compare(contestants, lines);
  // The tokenizer fills twelve, whatever the expression captures.
  Stopwatch stopwatch(lines, std::max<std::size_t>(contestants.captures, 12));
  measure(contestants, stopwatch, settings.rounds, row);
  if (which.bars.of_last_alone) {
    Case alone = which;
    alone.expressions = {which.expressions.back()};
    Contestants last = make_contestants(alone, patterns);
    std::vector<double> samples;
    for (int round = 0; round <= settings.rounds; ++round)
      samples.push_back(stopwatch.time(*last.engines[grok]));
    row.last_alone_ns = median(samples);
  }
  return row;
}

void print_ratio(double of, double to) {
  of > 0 && to > 0 ? std::printf(" %8.2f", of / to) : std::printf(" %8s", "-");
}

void print_table(const std::vector<Row>& rows) {
  std::printf("\nns of CPU per line, medians\n%-31s %5s", "", "bytes");
  for (const char* const name : kColumnNames) std::printf(" %8s", name);
  std::printf(" | grok to: %8s %8s %8s %8s\n", "pcre2", "hand", "re2 m/o", "onig");
  for (const Row& row : rows) {
    std::printf("%-31s %5.0f", row.which.name.c_str(), row.line_bytes);
    for (const double ns : row.ns) ns > 0 ? std::printf(" %8.0f", ns) : std::printf(" %8s", "-");
    std::printf(" |         ");
    for (const Column column : {pcre2, hand, re2_match, oniguruma})
      print_ratio(row.ns[grok], row.ns[column]);
    std::printf("\n");
  }
}

void print_bar(const Row& row, const std::optional<double>& bar, double ns, const char* of) {
  if (!bar || ns <= 0) return;
  const double ratio = row.ns[grok] / ns;
  std::printf("%-31s %6.2f of %s, at most %.2f: %s\n", row.which.name.c_str(), ratio, of, *bar,
              ratio <= *bar ? "met" : "MISSED");
}

void print_bars(const std::vector<Row>& rows) {
  std::printf("\nbars\n");
  for (const Row& row : rows) {
    print_bar(row, row.which.bars.of_pcre2, row.ns[pcre2], "PCRE2 with JIT");
    print_bar(row, row.which.bars.of_hand, row.ns[hand], "the tokenizer by hand");
    print_bar(row, row.which.bars.of_re2_match, row.ns[re2_match], "RE2, match only");
    print_bar(row, row.which.bars.of_last_alone, row.last_alone_ns, "the last pattern alone");
  }
}

int usage() {
  std::fprintf(stderr, "usage: grok_bench PATTERNS [--rounds N] [--only TEXT]\n");
  return 2;
}

int main_of(int count, char** arguments) {
  Settings settings;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--rounds" && i + 1 < count)
      settings.rounds = std::max(1, std::atoi(arguments[++i]));
    else if (argument == "--only" && i + 1 < count)
      settings.only = arguments[++i];
    else if (settings.patterns.empty() && !argument.starts_with('-'))
      settings.patterns = argument;
    else
      return usage();
  }
  if (settings.patterns.empty()) return usage();
  std::printf("pcre2: JIT, on bytes. pcre2u: JIT, UTF, any bytes may come. re2 m/o: match only.\n");
  std::printf("onig: Oniguruma, Ruby's syntax. hand: a tokenizer for this one format.\n\n");
  std::vector<Row> rows;
  for (const Case& which : all_cases())
    if (which.name.find(settings.only) != std::string::npos) rows.push_back(run(which, settings));
  print_table(rows);
  print_bars(rows);
  return 0;
}

}  // namespace
}  // namespace grok::bench

int main(int argc, char** argv) { return grok::bench::main_of(argc, argv); }
