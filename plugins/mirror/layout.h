#pragma once

#include <string>
#include <vector>

#include "pipeline/plugin/stop.h"
#include "plugins/mirror/config.h"
#include "plugins/mirror/positions.h"
#include "plugins/support/kafka/admin.h"

/// How the positions of a flow are spread over its shards, and how that is changed.
///
/// Whoever has the transactional id of shard 0 may change it, in steps after each of which the
/// topic is as good as before: a crash leaves the old layout, or the new one.
///
///  1. A record in partition 0 says that a change is on its way. From here on no shard starts that
///     does not find itself in the layout (see Shard::take_over()).
///  2. All ids of the old layout are fenced: those shards that started before write nothing more.
///  3. One transaction of shard 0 moves the positions and says that the change is made.
///
/// Behind a transaction its id is fenced anew. That returns when the brokers have marked the
/// transaction's end in all partitions, which readers would else stop in front of.
namespace millrace::mirror {

/// The same for a partition each time, in each version: positions depend on it.
std::size_t shard_number(const kafka::TopicPartition& partition, std::size_t shards);

/// A position that another shard has from now on.
struct Move {
  kafka::TopicPartition place;
  std::size_t from = 0;
  std::size_t to = 0;
  Position position;
};

/// What changes with `shards`; `old`: what each of the old ones has.
std::vector<Move> moves(const std::vector<Positions>& old, std::size_t shards);

/// Of a shard's producer that has transactions.
kafka::Properties transactional_properties(const FlowSettings& settings, std::size_t shard);

/// Makes the layout what the settings say, and `instance` the owner of shard 0. Older instances are
/// fenced where something changes. Returns what was changed, for the log; "": nothing. Errors:
/// Errc::invalid for positions that are not understood; others may pass: call it again.
Result<std::string> settle_layout(const FlowSettings& settings, kafka::Admin& target,
                                  const std::string& instance, const StopSignal& stop);

}  // namespace millrace::mirror
