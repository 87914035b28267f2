#include "plugins/mirror/rate_limit.h"

#include <gtest/gtest.h>

namespace millrace::mirror {
namespace {

using std::chrono::milliseconds;
const RateLimit::Clock::time_point kBegin{};

TEST(MirrorRateLimit, WhatWasTakenTooMuchIsWaitedFor) {
  RateLimit limit(1000, kBegin);
  EXPECT_TRUE(limit.is_open(kBegin));
  limit.take(3000);  // one large record
  EXPECT_FALSE(limit.is_open(kBegin + milliseconds(1900)));
  EXPECT_TRUE(limit.is_open(kBegin + milliseconds(2100)));
}

TEST(MirrorRateLimit, OnlyASecondsWorthIsMadeUpFor) {
  RateLimit limit(1000, kBegin);
  EXPECT_TRUE(limit.is_open(kBegin + std::chrono::hours(1)));
  limit.take(1000);
  EXPECT_FALSE(limit.is_open(kBegin + std::chrono::hours(1)));
}

TEST(MirrorRateLimit, NoneIsNone) {
  RateLimit limit(0, kBegin);
  limit.take(std::uint64_t{1} << 40);
  EXPECT_TRUE(limit.is_open(kBegin));
}

}  // namespace
}  // namespace millrace::mirror
