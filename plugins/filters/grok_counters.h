#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "grok/grok.h"

namespace millrace {

/// What one pattern of a grok filter did.
struct GrokCounts {
  std::uint64_t matches = 0;
  std::uint64_t failures = 0;  ///< runs without a match
  std::uint64_t left_out = 0;  ///< texts that plainly could not match, so that it was not run
  std::uint64_t timeouts = 0;
  std::uint64_t timed = 0;        ///< runs that were timed: one of many
  std::uint64_t nanoseconds = 0;  ///< of those

  std::uint64_t all() const { return matches + failures + left_out + timeouts; }
};

/// The sum over all workers. Thread-safe.
class GrokCounters {
 public:
  /// Adds what a worker counted, and sets that to zero.
  void take(GrokCounts& counts);
  GrokCounts sum() const;

 private:
  std::atomic<std::uint64_t> matches_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> left_out_{0};
  std::atomic<std::uint64_t> timeouts_{0};
  std::atomic<std::uint64_t> timed_{0};
  std::atomic<std::uint64_t> nanoseconds_{0};
};

/// The counts as one line: `3 matches, 1 failure, 0.4 us a run`.
std::string describe(const GrokCounts& counts);

/// In which tier a pattern runs, and where that is not the fastest: why, with a caret below the
/// part of the expression that is in the way, and what would help. Lines without an end.
std::vector<std::string> describe_tier(const grok::Pattern& pattern);

}  // namespace millrace
