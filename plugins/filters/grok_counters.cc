#include "plugins/filters/grok_counters.h"

#include <fmt/format.h>

namespace millrace {

void GrokCounters::take(GrokCounts& counts) {
  const auto add = [](std::atomic<std::uint64_t>& sum, std::uint64_t more) {
    if (more > 0) sum.fetch_add(more, std::memory_order_relaxed);
  };
  add(matches_, counts.matches);
  add(failures_, counts.failures);
  add(left_out_, counts.left_out);
  add(timeouts_, counts.timeouts);
  add(timed_, counts.timed);
  add(nanoseconds_, counts.nanoseconds);
  counts = {};
}

GrokCounts GrokCounters::sum() const {
  GrokCounts counts;
  counts.matches = matches_.load(std::memory_order_relaxed);
  counts.failures = failures_.load(std::memory_order_relaxed);
  counts.left_out = left_out_.load(std::memory_order_relaxed);
  counts.timeouts = timeouts_.load(std::memory_order_relaxed);
  counts.timed = timed_.load(std::memory_order_relaxed);
  counts.nanoseconds = nanoseconds_.load(std::memory_order_relaxed);
  return counts;
}

std::string describe(const GrokCounts& counts) {
  const auto number = [](std::uint64_t count, const char* one, const char* many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
  };
  std::string line = number(counts.matches, "match", "matches") + ", " +
                     number(counts.failures + counts.left_out, "failure", "failures");
  if (counts.left_out > 0) line += fmt::format(" ({} seen at a glance)", counts.left_out);
  if (counts.timeouts > 0) line += ", " + number(counts.timeouts, "timeout", "timeouts");
  if (counts.timed > 0)
    line += fmt::format(", {:.2f} us a run", static_cast<double>(counts.nanoseconds) / 1e3 /
                                                 static_cast<double>(counts.timed));
  return line;
}

std::vector<std::string> describe_tier(const grok::Pattern& pattern) {
  std::vector<std::string> lines{"runs in " + std::string(grok::describe(pattern.tier()))};
  if (!pattern.slower_because()) return lines;
  std::string why = ", not in the faster " + std::string(grok::describe(grok::Tier::automaton)) +
                    ": " + grok::render(*pattern.slower_because());
  for (std::size_t end; (end = why.find('\n')) != std::string::npos; why.erase(0, end + 1)) {
    lines.back() += why.substr(0, end);
    lines.emplace_back();
  }
  lines.back() += why;
  return lines;
}

}  // namespace millrace
