#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "pipeline/event/batch.h"
#include "pipeline/result.h"

namespace millrace {

/// Why an event will never be taken, and who says so. Texts are copied; longer ones are cut at the
/// bounds below, at a character of UTF-8.
struct DeadLetterReason {
  /// Short and of few values, for filters and counters: "mapper_parsing_exception", "too_large".
  std::string_view code;
  /// For people: what the destination answered.
  std::string_view message;
  std::string_view plugin_type;  ///< "elasticsearch"
  std::string_view plugin_id;    ///< PluginContext::id: where a replay sends the event
  /// What else helps to see why, as a JSON object: status, attempts, the action sent. "" for none.
  std::string_view details{};
  /// The bytes that the event was made of or that were sent for it, where the plugin has them.
  std::string_view original{};

  static constexpr std::size_t kMostCodeBytes = 256;
  static constexpr std::size_t kMostMessageBytes = 4096;
  static constexpr std::size_t kMostDetailsBytes = 16384;  ///< longer details are left out
};

/// One event that was refused for good.
struct DeadLetter {
  const Batch& batch;
  std::uint32_t at;
  DeadLetterReason reason;
};

enum class DeadLetterOutcome : std::uint8_t {
  kept,     ///< it is safe on disk
  dropped,  ///< the settings say that it is not kept; counted and logged
  full,     ///< nothing was done: try again later, the event stays undelivered until then
};

/// What became of dead letters since the start.
struct DeadLetterCounts {
  std::uint64_t kept = 0;           ///< written, whatever became of them later
  std::uint64_t dropped = 0;        ///< never written: no queue, full by policy, or too large
  std::uint64_t dropped_older = 0;  ///< written once, then removed to make room
  std::uint64_t expired = 0;        ///< written once, then removed by age
};

/// Where a pipeline's filters and outputs send what is refused for good. A plugin finds it as
/// `context.pipeline.dead_letters` (never null) and may keep the pointer. Thread-safe.
///
/// With `kept` and with `dropped` the event is done with: Verdict::dead_lettered, or for a filter
/// EventState::dead_lettered. With `full` the plugin keeps the event and its delivery and tries
/// again: that is backpressure. Nothing that may pass (429, 5xx, a network down, credentials that
/// were refused) belongs here.
class DeadLetters {
 public:
  virtual ~DeadLetters() = default;

  /// As many of `letters`, from the first on, as can be dealt with: kept or dropped, see
  /// `outcome`, which has room for as many. Returns their number; the rest must wait. One sync of
  /// the disk for all of them, so an output hands over what one answer refused in one call.
  virtual std::size_t write(std::span<const DeadLetter> letters,
                            std::span<DeadLetterOutcome> outcomes) = 0;

  DeadLetterOutcome write(const Batch& batch, std::uint32_t at, const DeadLetterReason& reason);

  /// The pipeline opens it before the first write() and closes it after the last one. Errors:
  /// Errc::io; Errc::closed where another process writes to the same queue.
  virtual Result<void> open() { return {}; }
  virtual void close() {}

  /// True where write() would keep events: dead_letter_queue.enable.
  virtual bool keeps() const = 0;
  virtual DeadLetterCounts counts() const = 0;
};

/// What stands in where dead_letter_queue.enable is false: counts what is refused and logs it, at
/// most once a minute for each reason's code, with at most 512 bytes of the event. `component`: who
/// speaks in the log.
std::shared_ptr<DeadLetters> counting_dead_letters(std::string component);

}  // namespace millrace
