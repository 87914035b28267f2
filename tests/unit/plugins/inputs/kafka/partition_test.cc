#include "plugins/inputs/kafka/partition.h"

#include <gtest/gtest.h>

#include <future>

namespace millrace::kafka::in {
namespace {

using Clock = std::chrono::steady_clock;

class PartitionsTest : public testing::Test {
 protected:
  PartitionPtr add(std::int32_t number) { return partitions_.add({"orders", number}, nullptr); }

  Partitions partitions_;
};

TEST_F(PartitionsTest, TellsPartitionsApartAlsoWhenTheyComeBack) {
  const PartitionPtr first = add(0), second = add(1);
  partitions_.delivered({second->id, 7});
  EXPECT_EQ(first->delivered, -1);
  EXPECT_EQ(second->delivered, 7);
  partitions_.remove(*second);
  const PartitionPtr again = add(1);
  partitions_.delivered({second->id, 9});
  EXPECT_EQ(second->delivered, 7);
  EXPECT_EQ(again->delivered, -1);
}

TEST_F(PartitionsTest, WaitsForWhatIsUnderWay) {
  const PartitionPtr first = add(0), second = add(1);
  auto waiting = std::async(std::launch::async, [&] {
    return partitions_.wait_until_delivered(*first, 5, Clock::time_point::max());
  });
  for (const std::uint64_t id : {second->id, first->id})
    for (std::uint64_t offset = 1; offset <= 5; ++offset) partitions_.delivered({id, offset});
  EXPECT_TRUE(waiting.get());
}

TEST_F(PartitionsTest, WaitsNoLongerThanItIsTold) {
  const PartitionPtr partition = add(0);
  partitions_.delivered({partition->id, 4});
  const auto past = Clock::now();
  EXPECT_TRUE(partitions_.wait_until_delivered(*partition, 4, past));
  EXPECT_FALSE(partitions_.wait_until_delivered(*partition, 5, past));
}

}  // namespace
}  // namespace millrace::kafka::in
