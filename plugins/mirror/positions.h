#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"
#include "plugins/support/kafka/consumer.h"
#include "plugins/support/kafka/properties.h"

/// How far a flow has come: a compacted topic of its own on the target, a partition for each shard.
///
/// Key: `TOPIC/PARTITION` of the source. Value: `v=1 next=120 time=1790000000000
/// witness=119:1790000000000:9a3c...`: the offset to go on with, when that was written, and a
/// record that was there. `@owner` is the key of who writes; in partition 0, `@layout` that of how
/// many shards there are. kcat shows it all.
namespace millrace::mirror {

/// A record that was read before `next`. Where another one has its offset now, the topic is another
/// one: librdkafka tells topic ids and leader epochs only from 2.3 and 2.1 on.
struct Witness {
  std::int64_t offset = 0;
  std::int64_t time_ms = 0;  ///< the record's
  std::uint64_t hash = 0;    ///< of its key and value
  friend bool operator==(const Witness&, const Witness&) = default;

  static Witness of(const kafka::Message& message);
};

struct Position {
  std::int64_t next = 0;
  std::int64_t time_ms = 0;
  std::optional<Witness> witness;
  friend bool operator==(const Position&, const Position&) = default;
};

struct PositionKey {
  static std::string encode(const kafka::TopicPartition& partition);
  /// nullopt: not a partition's.
  static std::optional<kafka::TopicPartition> decode(std::string_view key);
  static constexpr std::string_view kOwner = "@owner";
  static constexpr std::string_view kLayout = "@layout";
};

/// Over how many shards the positions are spread. As a value: `v=1 shards=4 next=2`.
struct Layout {
  std::int32_t shards = 0;
  std::int32_t next = 0;  ///< to so many they are being moved; 0: they are not
  friend bool operator==(const Layout&, const Layout&) = default;
};

std::string encode(const Position& position);
std::string encode(const Layout& layout);
/// Errors: Errc::invalid for what this version does not understand: it must not be guessed at.
Result<Position> decode_position(std::string_view value);
Result<Layout> decode_layout(std::string_view value);

/// What one shard has stored.
struct Positions {
  std::map<kafka::TopicPartition, Position> all;
  std::string owner;             ///< the instance that wrote last; "" before there was one
  std::optional<Layout> layout;  ///< of shard 0 only
};

/// Reads the partition `shard` of `topic` as read_whole() does, with `properties` of a reader with
/// read_committed; so first end what its last writer left open (Transactions::init()). Errors:
/// Errc::invalid; Errc::timeout where the brokers stay silent for `patience`; Errc::closed on
/// `stop`.
Result<Positions> read_positions(const kafka::Properties& properties, const std::string& component,
                                 const std::string& topic, std::int32_t shard,
                                 std::chrono::milliseconds patience, const StopSignal& stop);

}  // namespace millrace::mirror
