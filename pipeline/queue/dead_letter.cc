#include "pipeline/queue/dead_letter.h"

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>

#include "pipeline/event/json_write.h"
#include "pipeline/event/utf8.h"
#include "pipeline/observe/log.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostLoggedBytes = 512;
constexpr std::size_t kMostLoggedCodes = 256;
constexpr std::chrono::minutes kLogPause{1};

class CountingDeadLetters : public DeadLetters {
 public:
  explicit CountingDeadLetters(std::string component) : component_(std::move(component)) {}

  using DeadLetters::write;
  std::size_t write(std::span<const DeadLetter> letters,
                    std::span<DeadLetterOutcome> outcomes) override {
    for (std::size_t i = 0; i < letters.size(); ++i) {
      outcomes[i] = DeadLetterOutcome::dropped;
      say(letters[i]);
    }
    dropped_.fetch_add(letters.size(), std::memory_order_relaxed);
    return letters.size();
  }
  bool keeps() const override { return false; }
  DeadLetterCounts counts() const override { return {.dropped = dropped_}; }

 private:
  struct Said {
    Clock::time_point when;
    std::uint64_t unsaid = 0;
  };

  void say(const DeadLetter& letter) {
    std::uint64_t unsaid = 0;
    if (!is_due(letter.reason, unsaid)) return;
    Buffer event;
    write_json(ConstEvent(letter.batch, letter.at), event);
    const std::string_view shown = cut_utf8(event.view(), kMostLoggedBytes);
    log::warn(component_,
              "{} {} refused an event for good: {}: {}; no dead-letter queue keeps it{}: {}{}",
              letter.reason.plugin_type, letter.reason.plugin_id, letter.reason.code,
              cut_utf8(letter.reason.message, kMostLoggedBytes),
              unsaid ? fmt::format(", nor {} others with this code since", unsaid) : "", shown,
              shown.size() < event.size() ? "..." : "");
  }

  /// Whether it is time to speak of this code; `unsaid` is then how many went by in silence.
  bool is_due(const DeadLetterReason& reason, std::uint64_t& unsaid) {
    std::string key(reason.plugin_id);
    key.append("\n").append(reason.code.substr(0, DeadLetterReason::kMostCodeBytes));
    const auto now = Clock::now();
    const std::lock_guard lock(mutex_);
    if (said_.size() >= kMostLoggedCodes && !said_.contains(key)) key.clear();
    const auto [at, fresh] = said_.try_emplace(std::move(key));
    if (!fresh && now - at->second.when < kLogPause) return ++at->second.unsaid, false;
    unsaid = std::exchange(at->second.unsaid, 0);
    at->second.when = now;
    return true;
  }

  const std::string component_;
  std::atomic<std::uint64_t> dropped_{0};
  std::mutex mutex_;
  std::map<std::string, Said> said_;  // guarded by mutex_
};

}  // namespace

DeadLetterOutcome DeadLetters::write(const Batch& batch, std::uint32_t at,
                                     const DeadLetterReason& reason) {
  const DeadLetter letter{batch, at, reason};
  DeadLetterOutcome outcome = DeadLetterOutcome::full;
  return write({&letter, 1}, {&outcome, 1}) == 1 ? outcome : DeadLetterOutcome::full;
}

std::shared_ptr<DeadLetters> counting_dead_letters(std::string component) {
  return std::make_shared<CountingDeadLetters>(std::move(component));
}

}  // namespace millrace
