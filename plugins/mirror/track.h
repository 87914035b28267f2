#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>

#include "plugins/mirror/config.h"
#include "plugins/mirror/positions.h"
#include "plugins/mirror/translation.h"
#include "plugins/support/kafka/consumer.h"
#include "plugins/support/kafka/producer.h"

namespace millrace::mirror {

struct Track;

/// Offsets of the source between two pairs that are remembered of a partition.
inline constexpr std::int64_t kPairSpacing = 100;

/// A record between its fetch and its report. Its message is kept until then: the producer reads
/// its bytes.
struct Ticket {
  Ticket(Track* owner, kafka::Message record, std::size_t size)
      : track(owner), message(std::move(record)), offset(message.offset()), bytes(size) {}

  Track* track;
  kafka::Message message;
  std::int64_t offset;
  std::size_t bytes;
  int code = 0;  ///< of the report
  bool reported = false;
};

/// One partition on its way. The shard's thread only.
struct Track {
  kafka::TopicPartition source;
  std::string target_topic;
  Start start = Start::earliest;        ///< where it begins without a position
  std::size_t most_bytes = 0;           ///< of a batch on the target
  kafka::TopicHandle handle = nullptr;  ///< of the running producer
  std::string origin;                   ///< what kSourceHeader has before the offset
  bool proven = false;  ///< its broker took a record of the running producer, or was waited for

  std::int64_t next = -1;                ///< to be read; what lies before is in `tickets` or done
  std::int64_t stored = -1;              ///< the position that is on the target
  std::int64_t first = -1;               ///< where it began, while there is no position
  std::optional<Witness> witness;        ///< of the stored position
  std::optional<Witness> witness_ahead;  ///< a newer one, for when the frontier has passed it
  std::deque<Ticket> tickets;            ///< in order; addresses last until they are taken off
  std::size_t bytes = 0;                 ///< of theirs that have no report
  std::int64_t newest_ms = -1;           ///< time of the newest record that was read
  std::int64_t delivered_ms = -1;        ///< of the last one that the target has
  std::int64_t careful_from = 0;         ///< records from this offset on go in groups ...
  std::int64_t careful_until = -1;       ///< ... up to this one: one was refused, with others
  std::size_t group = 0;                 ///< how many go together then
  std::int64_t stop_at = -1;             ///< the record that was refused alone
  int stop_code = 0;                     ///< what the broker said of it
  std::string stop_why;
  std::optional<kafka::Message> letter;  ///< that record, while the dead-letter queue has no room
  std::set<std::int64_t> kept;           ///< from the stored position on: they are dead letters
  std::int64_t sync_source = -1;         ///< the last delivered record here ...
  std::int64_t sync_target = -1;         ///< ... and there
  Translation pairs;                     ///< delivered records here and there, kPairSpacing apart
  std::int64_t pair_due = 0;             ///< the next is taken from this offset on
  std::string stopped;                   ///< why nothing more is read; "": it runs
  bool absent = false;                   ///< its topic is gone, and may come back

  bool is_doubtful(std::int64_t offset) const {
    return careful_from <= offset && offset < careful_until;
  }
  bool runs() const { return stopped.empty() && !absent && !letter; }
  /// Up to here everything is delivered, or dropped.
  std::int64_t frontier() const { return tickets.empty() ? next : tickets.front().offset; }
  /// Up to here it is in transactions that were committed.
  std::int64_t committed() const { return stored >= 0 ? stored : first; }
  /// Goes back to `offset`; the tickets have no record under way any more.
  void rewind(std::int64_t offset) {
    tickets.clear();
    letter.reset();
    bytes = 0;
    next = offset;
    if (offset < stop_at) stopped.clear();  // it stops again, in front of the record
    pair_due = std::min(pair_due, offset);
    witness_ahead.reset();
  }
  /// Its topic is another one now, which is read from `next` on. What was found out about records
  /// of the old one is forgotten, and so is the stored position: the new one may come to the same
  /// number, and has to be stored all the same, with a witness of its own.
  void begin_again() {
    witness.reset();
    kept.clear();
    stop_at = careful_until = -1;
    first = next;
    stored = -1;
  }
  /// The witness for a position at the frontier.
  void pass_witness() {
    if (witness_ahead && witness_ahead->offset < frontier()) {
      witness = witness_ahead;
      witness_ahead.reset();
    }
  }
};

/// The books: read = mirrored + dropped + dead letters + given back + under way. Bumped by the
/// shards' threads.
struct Books {
  std::atomic<std::uint64_t> read{0};
  std::atomic<std::uint64_t> mirrored{0};
  std::atomic<std::uint64_t> dropped{0};  ///< they would have gone in circles
  std::atomic<std::uint64_t> dead_letters{0};
  std::atomic<std::uint64_t> given_back{0};  ///< not known to be on the target: they come again
  std::atomic<std::uint64_t> bytes{0};       ///< of what was mirrored
  std::atomic<std::uint64_t> timestamps_replaced{0};
  std::atomic<std::uint64_t> transactions{0};
  std::atomic<std::uint64_t> aborted{0};
  std::atomic<std::uint64_t> commit_ms{0};          ///< all of them together
  std::atomic<std::uint64_t> longest_commit_ms{0};  ///< one
  std::atomic<std::uint64_t> gaps{0};               ///< jumps of offsets within partitions
  std::atomic<std::uint64_t> gap_offsets{0};        ///< that were left out in them

  void count_commit(std::uint64_t ms) {
    commit_ms += ms;
    std::uint64_t longest = longest_commit_ms;
    while (longest < ms && !longest_commit_ms.compare_exchange_weak(longest, ms)) continue;
  }
};

}  // namespace millrace::mirror
