#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "pipeline/result.h"
#include "plugins/mirror/shard.h"
#include "plugins/mirror/translation.h"

/// Where consumer groups go on on the target. Pure: asking and writing is GroupSync's.
namespace millrace::mirror {

/// What a group has committed of a partition, and where it goes on on the target.
struct Checkpoint {
  std::int64_t source = 0;
  std::int64_t target = 0;
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// "v=1 source=120 target=117".
std::string encode(const Checkpoint& checkpoint);
/// Errors: Errc::invalid for what encode() does not write.
Result<Checkpoint> decode_checkpoint(std::string_view value);

/// Whose, and where on the source. As a key: `PARTITION/TOPIC/GROUP`, for a group's name may hold
/// anything.
struct CheckpointKey {
  std::string group;
  kafka::TopicPartition partition;
  friend auto operator<=>(const CheckpointKey&, const CheckpointKey&) = default;
};
std::string encode(const CheckpointKey& key);
/// nullopt: not one of encode()'s.
std::optional<CheckpointKey> decode_checkpoint_key(std::string_view key);

/// The translations of all partitions of a flow, fed with what its shards tell.
class Translations {
 public:
  /// Takes those pairs of a standing behind which positions are stored: what is behind a stored
  /// position is on the target. (The pair of a transaction that was aborted points in front of the
  /// copy that was made then: more is read again, nothing is lost.) True: the partition's pairs are
  /// others than before.
  bool take(const Standing& standing);
  /// What was stored.
  void restore(const kafka::TopicPartition& partition, Translation translation);

  /// nullptr: nothing is known.
  const Translation* of(const kafka::TopicPartition& partition) const;
  /// Counts how often a partition was forgotten, because it, or its copy, was made again.
  int lives(const kafka::TopicPartition& partition) const;

 private:
  struct State {
    Translation translation;
    int lives = 0;
    void add(OffsetPair pair);
  };
  std::map<kafka::TopicPartition, State> all_;
};

/// The newest checkpoint of each group and partition. They go forward only, unless the group itself
/// was set back on the source, or the topic is a new one.
class Checkpoints {
 public:
  void restore(const CheckpointKey& key, const Checkpoint& checkpoint) { all_[key] = {checkpoint}; }

  /// `next` is what the group has committed, `translated` where that is on the target. The
  /// checkpoint to be written; nullopt: it stands already. `life`: Translations::lives().
  std::optional<Checkpoint> take(const CheckpointKey& key, std::int64_t next,
                                 std::int64_t translated, int life);

  /// nullptr: there is none.
  const Checkpoint* of(const CheckpointKey& key) const;

 private:
  struct State {
    Checkpoint checkpoint;
    int life = 0;
  };
  std::map<CheckpointKey, State> all_;
};

}  // namespace millrace::mirror
