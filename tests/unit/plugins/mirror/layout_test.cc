#include "plugins/mirror/layout.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace millrace::mirror {
namespace {

/// The positions of `count` partitions, each with the shard that it belongs to.
std::vector<Positions> spread(int count, std::size_t shards) {
  std::vector<Positions> out(shards);
  for (int i = 0; i < count; ++i) {
    const kafka::TopicPartition place{"orders", i};
    out[shard_number(place, shards)].all[place].next = i;
  }
  return out;
}

/// What `moves` make of `old`.
std::vector<Positions> after(std::vector<Positions> old, const std::vector<Move>& all,
                             std::size_t shards) {
  old.resize(std::max(old.size(), shards));
  for (const Move& move : all) {
    EXPECT_EQ(old[move.from].all.erase(move.place), 1U);
    EXPECT_TRUE(old[move.to].all.emplace(move.place, move.position).second);
  }
  return old;
}

TEST(MirrorLayout, EachPositionIsWithItsNewShardAfterwardsAndNowhereElse) {
  for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>{4, 2}, {2, 6}, {6, 1}}) {
    const auto old = spread(100, from);
    auto now = after(old, moves(old, to), to);
    const auto wanted = spread(100, to);
    for (std::size_t i = 0; i < now.size(); ++i)
      EXPECT_EQ(now[i].all, i < to ? wanted[i].all : Positions{}.all) << from << " to " << to;
  }
}

TEST(MirrorLayout, NothingMovesWhereNothingChanges) {
  EXPECT_TRUE(moves(spread(100, 4), 4).empty());
}

TEST(MirrorLayout, APartitionHasTheSameShardInEachVersion) {
  EXPECT_EQ(shard_number({"orders", 0}, 64), 18U);
  EXPECT_EQ(shard_number({"orders", 1}, 64), 4U);
  EXPECT_EQ(shard_number({"logs-a.b", 17}, 64), 38U);
}

}  // namespace
}  // namespace millrace::mirror
