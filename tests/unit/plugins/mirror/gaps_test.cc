#include "plugins/mirror/gaps.h"

#include <gtest/gtest.h>

#include "plugins/mirror/positions.h"

namespace millrace::mirror {
namespace {

TEST(MirrorGaps, SayWhatIsLostAndWhatWasDone) {
  Gap gap{.place = {"orders", 3}, .first = 200, .last = 249};
  EXPECT_EQ(gap.key(), "@gap orders/3 200");
  EXPECT_EQ(encode(gap, 1'790'000'000'000),
            "v=1 first=200 last=249 found=1790000000000 done=stopped");
  gap.skipped = true;
  EXPECT_EQ(encode(gap, 1'790'000'000'000),
            "v=1 first=200 last=249 found=1790000000000 done=skipped");
}

TEST(MirrorGaps, AreNotTakenForPositions) {
  EXPECT_FALSE(PositionKey::decode(Gap{.place = {"orders", 3}, .first = 200}.key()));
}

}  // namespace
}  // namespace millrace::mirror
