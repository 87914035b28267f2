#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "pipeline/delivery/receipt.h"
#include "pipeline/queue/dead_letter_browser.h"

namespace millrace::cli {

/// Letters of one batch on their way to an output, event by event.
struct Flight {
  std::vector<dlq::LetterId> letters;
  std::set<std::uint32_t> refused;  ///< events that the output refused again
};

/// Knows which letters a replay has under way. Stands in as the outputs' dead-letter queue: what
/// they refuse again is not written a second time, its letter stays where it is. Thread-safe.
class Flights : public DeadLetters, public Acknowledged {
 public:
  /// Before the batch goes to its output; it must be acknowledged under the partition that is
  /// returned.
  std::uint64_t depart(const Batch& batch, std::vector<dlq::LetterId> letters);

  void acknowledged(SourcePosition position) noexcept override;

  using DeadLetters::write;
  std::size_t write(std::span<const DeadLetter> letters,
                    std::span<DeadLetterOutcome> outcomes) override;
  bool keeps() const override { return true; }
  DeadLetterCounts counts() const override { return {}; }

  /// Flights of which every letter is delivered or refused, each once.
  std::vector<Flight> take_landed();
  /// Letters that were refused again, by their reasons' codes.
  std::map<std::string, std::uint64_t> refusals() const;

 private:
  static constexpr std::size_t kMostCodes = 1000;

  mutable std::mutex mutex_;
  std::uint64_t last_ = 0;                         // guarded by mutex_, as all that follows
  std::map<std::uint64_t, Flight> flying_;         // by number
  std::map<const Batch*, std::uint64_t> numbers_;  // of those that fly
  std::vector<Flight> landed_;
  std::map<std::string, std::uint64_t> refusals_;
};

}  // namespace millrace::cli
