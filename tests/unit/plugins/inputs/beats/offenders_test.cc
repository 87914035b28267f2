#include "plugins/inputs/beats/offenders.h"

#include <gtest/gtest.h>

namespace millrace::beats {
namespace {

using namespace std::chrono_literals;

TEST(BeatsOffenders, AreMentionedOnceInAWhile) {
  Offenders offenders;
  const Offenders::Time start{1h};
  EXPECT_EQ(offenders.mention("a", start), 0u);
  EXPECT_EQ(offenders.mention("b", start), 0u);
  EXPECT_EQ(offenders.mention("a", start + 1s), std::nullopt);
  EXPECT_EQ(offenders.mention("a", start + 59s), std::nullopt);
  EXPECT_EQ(offenders.mention("a", start + 61s), 2u);
  EXPECT_EQ(offenders.mention("a", start + 62s), std::nullopt);
}

TEST(BeatsOffenders, OfVeryManyNotAllAreRemembered) {
  Offenders offenders;
  const Offenders::Time start{1h};
  for (std::size_t i = 0; i < Offenders::kMostRemembered + 10; ++i)
    EXPECT_EQ(offenders.mention(std::to_string(i), start), 0u);
  EXPECT_EQ(offenders.mention("5000", start), 0u);  // not remembered
  EXPECT_EQ(offenders.mention("5", start), std::nullopt);
  EXPECT_EQ(offenders.mention("5001", start + 2min), 0u);  // the others are forgotten
  EXPECT_EQ(offenders.mention("5001", start + 2min), std::nullopt);
}

}  // namespace
}  // namespace millrace::beats
