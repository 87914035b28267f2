#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "pipeline/delivery/frontier.h"

namespace millrace {

/// What finally became of an event. Worse ones are greater: of several outputs' verdicts on one
/// event the worst stands.
enum class Verdict : std::uint8_t {
  delivered,
  dropped,        ///< the config said so: drop, or no output wanted it
  dead_lettered,  ///< refused for good, and kept or counted where the dead-letter settings say
};

/// Where in its source a batch ended: an input's own numbering. Within a partition (a file, a
/// connection, a topic's partition) positions do not go back.
struct SourcePosition {
  std::uint64_t partition = 0;
  std::uint64_t position = 0;
};

/// Told when everything up to a position is settled.
class Acknowledged {
 public:
  virtual ~Acknowledged() = default;
  /// All events of `position.partition` up to and including `position.position` are settled. Comes
  /// from any thread, one call at a time, positions of a partition in rising order. Must not block
  /// and must not call back into the engine.
  virtual void acknowledged(SourcePosition position) noexcept = 0;
};

class Receipts;

/// The promise that an input's batch is settled when each of its events is, and each of their
/// descendants. Ends then.
class Receipt {
 public:
  /// More events hang on it: children of a clone or split. Only while it is not settled.
  void add(std::uint32_t events) { pending_.fetch_add(events, std::memory_order_relaxed); }
  /// `events` of them are settled. The last call ends the receipt.
  void settle(std::uint32_t events);

 private:
  friend class Receipts;
  Receipt(Receipts& owner, std::uint64_t partition, std::uint64_t number, std::uint32_t events)
      : owner_(owner), partition_(partition), number_(number), pending_(events) {}

  Receipts& owner_;
  const std::uint64_t partition_;
  const std::uint64_t number_;
  std::atomic<std::uint32_t> pending_;
  Receipt* previous_ = nullptr;  // guarded by the owner's mutex, as next_
  Receipt* next_ = nullptr;
};

/// The receipts of one input. Thread-safe; outlives the batches that carry them. Receipts that are
/// never settled die with it.
class Receipts {
 public:
  explicit Receipts(Acknowledged& listener) : listener_(listener) {}
  ~Receipts();
  Receipts(const Receipts&) = delete;
  Receipts& operator=(const Receipts&) = delete;

  /// A receipt for `events` (at least one) that end at `position`.
  Receipt* open(SourcePosition position, std::uint32_t events);
  /// Batches that are not settled yet.
  std::size_t waiting() const;

 private:
  friend class Receipt;
  void settled(Receipt* receipt);

  Acknowledged& listener_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Frontier> partitions_;  // guarded by mutex_; erased when nothing waits
  Receipt* open_ = nullptr;                       // guarded by mutex_: all that are open, linked
};

}  // namespace millrace
