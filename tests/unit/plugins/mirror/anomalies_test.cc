#include "plugins/mirror/anomalies.h"

#include <gtest/gtest.h>

namespace millrace::mirror {
namespace {

TEST(MirrorAnomalies, APositionBetweenBeginningAndEndIsFine) {
  for (const std::int64_t next : {10, 15, 20})
    EXPECT_EQ(judge(next, {10, 20}), Anomaly::none) << next;
  EXPECT_EQ(judge(9, {10, 20}), Anomaly::purged);
  EXPECT_EQ(judge(21, {10, 20}), Anomaly::recreated);
  EXPECT_EQ(judge(5, {0, 0}), Anomaly::recreated);
}

TEST(MirrorAnomalies, LostRecordsAreNamedToTheOffset) {
  FlowOptions options;
  const Reaction stop = react(Anomaly::purged, {"orders", 3}, 7, {12, 30}, options);
  EXPECT_TRUE(stop.stops);
  EXPECT_NE(stop.text.find("orders/3: offsets 7 to 11 were purged"), std::string::npos);
  options.on_purged = OnPurged::skip;
  const Reaction skip = react(Anomaly::purged, {"orders", 3}, 7, {12, 30}, options);
  EXPECT_FALSE(skip.stops);
  EXPECT_EQ(skip.next, 12);
  EXPECT_NE(skip.text.find("7 to 11"), std::string::npos);
}

TEST(MirrorAnomalies, ANewTopicOfTheOldNameStopsUnlessItIsToBeRead) {
  FlowOptions options;
  EXPECT_TRUE(react(Anomaly::recreated, {"orders", 0}, 50, {0, 3}, options).stops);
  options.on_recreated = OnRecreated::restart;
  const Reaction restart = react(Anomaly::recreated, {"orders", 0}, 50, {2, 3}, options);
  EXPECT_FALSE(restart.stops);
  EXPECT_EQ(restart.next, 2);
}

}  // namespace
}  // namespace millrace::mirror
