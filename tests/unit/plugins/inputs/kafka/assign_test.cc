#include "plugins/inputs/kafka/assign.h"

#include <gtest/gtest.h>

namespace millrace::kafka::in {
namespace {

using Places = std::vector<TopicPartition>;

Result<Places> parse(std::vector<std::string> texts) { return parse_assigned(texts); }

TEST(KafkaAssign, TakesNumbersAndRuns) {
  const auto places = parse({"orders:7", "a:b.c_d-e:0-2"});
  ASSERT_TRUE(places);
  EXPECT_EQ(*places, (Places{{"orders", 7}, {"a:b.c_d-e", 0}, {"a:b.c_d-e", 1}, {"a:b.c_d-e", 2}}));
}

TEST(KafkaAssign, SaysWhatIsNoPartition) {
  for (const char* text : {"orders", "orders:", ":1", "orders:x", "orders:-1", "orders:3-1",
                           "orders:1-", "orders:1-2-3", "orders:2147483648", "orders: 1", ""}) {
    const auto places = parse({text});
    ASSERT_FALSE(places) << text;
    EXPECT_NE(places.error().message.find(std::string("`") + text + "`"), std::string::npos);
  }
}

TEST(KafkaAssign, RefusesATwinAndARunWithoutEnd) {
  EXPECT_NE(parse({"t:0-3", "t:2"}).error().message.find("`t:2` is there twice"),
            std::string::npos);
  EXPECT_FALSE(parse({"t:0-2147483647"}));
  EXPECT_TRUE(parse({"t:0-9999"}));
  EXPECT_FALSE(parse({"t:0-9999", "t:10000"}));
}

TEST(KafkaAssign, SharesAllAmongTheMembers) {
  const auto places = parse({"t:0-4"});
  ASSERT_TRUE(places);
  EXPECT_EQ(share_of(*places, 0, 2), (Places{{"t", 0}, {"t", 2}, {"t", 4}}));
  EXPECT_EQ(share_of(*places, 1, 2), (Places{{"t", 1}, {"t", 3}}));
}

}  // namespace
}  // namespace millrace::kafka::in
