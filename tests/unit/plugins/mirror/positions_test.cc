#include "plugins/mirror/positions.h"

#include <gtest/gtest.h>

namespace millrace::mirror {
namespace {

TEST(MirrorPositions, AreReadAsTheyWereWritten) {
  Position position{.next = 120, .time_ms = 1'790'000'000'000, .witness = std::nullopt};
  EXPECT_EQ(encode(position), "v=1 next=120 time=1790000000000");
  EXPECT_EQ(*decode_position(encode(position)), position);
  position.witness = Witness{119, -1, 0xfedcba9876543210};
  EXPECT_EQ(*decode_position(encode(position)), position);
}

TEST(MirrorPositions, WhatIsNotUnderstoodIsRefusedAndNotGuessedAt) {
  for (const char* bad :
       {"", "next=1", "v=1", "v=2 next=1", "v=1 next=-1", "v=1 next=", "v=1 next=1x",
        "v=1 next=99999999999999999999", "v=1 next=1 witness=1:2", "v=1 next=1 time=x"})
    EXPECT_FALSE(decode_position(bad)) << bad;
}

TEST(MirrorPositions, ALaterFieldIsPassedOver) {
  EXPECT_EQ(decode_position("v=1 next=7 epoch=3")->next, 7);
}

TEST(MirrorPositions, KeysNameAPartition) {
  EXPECT_EQ(PositionKey::encode({"a.b", 3}), "a.b/3");
  EXPECT_EQ(PositionKey::decode("a.b/3"), (kafka::TopicPartition{"a.b", 3}));
  for (const char* other : {"@owner", "", "/3", "a/", "a/-1", "a/3x"})
    EXPECT_FALSE(PositionKey::decode(other)) << other;
}

TEST(MirrorLayout, IsReadAsItWasWritten) {
  EXPECT_EQ(encode(Layout{4, 0}), "v=1 shards=4");
  EXPECT_EQ(encode(Layout{4, 2}), "v=1 shards=4 next=2");
  for (const Layout& layout : {Layout{4, 0}, Layout{4, 2}})
    EXPECT_EQ(*decode_layout(encode(layout)), layout);
}

TEST(MirrorLayout, WhatIsNotUnderstoodIsRefusedAndNotGuessedAt) {
  for (const char* bad : {"", "v=1", "shards=2", "v=2 shards=2", "v=1 shards=0", "v=1 shards=-1",
                          "v=1 shards=2x", "v=1 shards=2 next=0", "v=1 shards=99999999999"})
    EXPECT_FALSE(decode_layout(bad)) << bad;
}

}  // namespace
}  // namespace millrace::mirror
