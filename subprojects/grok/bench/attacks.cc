// How long grok takes for the attack lines of the known catastrophic expressions, per KiB.
// usage: grok_attacks
// More than 1 ms per KiB in a tier that is linear is marked with `!`.
#include "testing/attacks.h"

#include <time.h>

#include <algorithm>
#include <cstdio>

#include "grok/grok.h"

namespace grok::bench {
namespace {

constexpr double kMostMsPerKib = 1.0;
constexpr std::size_t kSizes[] = {1, 16, 256};  // KiB

double now_ms() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

const char* name_of(Outcome outcome) {
  if (outcome == Outcome::limit) return "gives up";
  return outcome == Outcome::match ? "match" : "no match";
}

/// The best of three, as long as they are short.
double milliseconds(const Pattern& pattern, const std::string& line, Outcome& outcome) {
  Pattern::Scratch scratch;
  scratch.set_timeout(std::chrono::milliseconds(2));
  std::vector<Span> spans(pattern.captures().size());
  double best = 1e9;
  for (int run = 0; run < 3 && (run == 0 || best < 50); ++run) {
    const double start = now_ms();
    outcome = pattern.match(line, scratch, spans);
    best = std::min(best, now_ms() - start);
  }
  return best;
}

void print_row(const testing::Attack& attack) {
  auto pattern = Pattern::compile("(?<all>" + std::string(attack.expression) + ")", PatternSet());
  if (!pattern) {
    std::printf("%-28s refused: %s\n", attack.name, pattern.error().message.c_str());
    return;
  }
  std::printf("%-28s %-16s", attack.name, std::string(describe((*pattern)->tier())).c_str());
  Outcome outcome = Outcome::no_match;
  bool slow = false;
  for (const std::size_t kib : kSizes) {
    const double each =
        milliseconds(**pattern, attack.line(kib << 10), outcome) / static_cast<double>(kib);
    slow |= each > kMostMsPerKib;
    std::printf(" %9.4f", each);
    std::fflush(stdout);
  }
  std::printf("  %s%s\n", name_of(outcome), slow ? " !" : "");
}

}  // namespace
}  // namespace grok::bench

int main() {
  std::printf("%-28s %-16s", "ms per KiB, of lines of", "");
  for (const std::size_t kib : grok::bench::kSizes) std::printf(" %5zu KiB", kib);
  std::printf("\n");
  for (const auto& attack : grok::testing::attacks()) grok::bench::print_row(attack);
}
