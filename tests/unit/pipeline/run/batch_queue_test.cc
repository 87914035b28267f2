#include "pipeline/run/batch_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace millrace {
namespace {

Batch::Ptr batch() {
  auto made = Batch::make();
  made->add(Timestamp{0});
  return made;
}

TEST(BatchQueue, NumbersBatchesInTheOrderInWhichTheyCame) {
  BatchQueue queue(std::size_t{1} << 30);
  for (int i = 0; i < 3; ++i) {
    auto one = batch();
    ASSERT_TRUE(queue.push(one));
  }
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(queue.pop()->number, i);
}

TEST(BatchQueue, AClosedQueueDrainsAndThenEnds) {
  BatchQueue queue(1);
  auto one = batch();
  ASSERT_TRUE(queue.push(one));
  queue.close();
  auto refused = batch();
  EXPECT_FALSE(queue.push(refused));
  EXPECT_NE(refused, nullptr);
  EXPECT_TRUE(queue.pop());
  EXPECT_FALSE(queue.pop());
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(BatchQueue, BlocksItsProducersWhileFullAndLosesNothing) {
  BatchQueue queue(1);  // one batch fits at a time
  constexpr std::uint64_t kBatches = 500;
  std::vector<std::thread> producers;
  for (int p = 0; p < 3; ++p) {
    producers.emplace_back([&] {
      for (std::uint64_t i = 0; i < kBatches; ++i) {
        auto one = batch();
        ASSERT_TRUE(queue.push(one));
      }
    });
  }
  for (std::uint64_t i = 0; i < 3 * kBatches; ++i) EXPECT_EQ(queue.pop()->number, i);
  for (std::thread& producer : producers) producer.join();
}

}  // namespace
}  // namespace millrace
