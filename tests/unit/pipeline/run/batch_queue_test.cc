#include "pipeline/run/batch_queue.h"

#include <gtest/gtest.h>

#include <atomic>
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

TEST(BatchQueue, TellsAProducerThatItIsHeldUpAsLongAsItIs) {
  BatchQueue queue(1);
  auto first = batch();
  auto second = batch();
  ASSERT_TRUE(queue.push(first, 0, [] { FAIL() << "there is room"; }));
  int told = 0;
  ASSERT_TRUE(queue.push(second, 0, [&] {
    if (++told == 3) queue.pop();
  }));
  EXPECT_EQ(told, 3);
}

struct Tank : Sink {
  bool full() const override { return is_full; }
  std::atomic<bool> is_full{true};
};

TEST(BatchQueue, WhatIsHeldLetsOthersPassAndFollowsWhenThereIsRoom) {
  BatchQueue queue(std::size_t{1} << 30, 2);
  Tank tank;
  for (std::size_t source : {0, 0, 1, 0, 1}) {
    auto one = batch();
    ASSERT_TRUE(queue.push(one, source));
  }
  EXPECT_EQ(queue.pop()->source, 0u);
  queue.hold(0, tank);
  queue.hold(0, tank);
  for (std::uint64_t number : {1, 2}) {
    const auto passed = queue.pop();
    EXPECT_EQ(passed->source, 1u);
    EXPECT_EQ(passed->number, number) << "numbers have no gaps";
  }
  queue.close();
  std::thread waits([&] {
    EXPECT_EQ(queue.pop()->number, 3u);
    EXPECT_EQ(queue.pop()->source, 0u);
    EXPECT_FALSE(queue.pop());
  });
  tank.is_full = false;
  queue.look_again();
  waits.join();
}

TEST(BatchQueue, ASourceThatIsHeldLeavesRoomForTheOthers) {
  auto first = batch();
  const std::size_t bytes = first->footprint();
  BatchQueue queue(4 * bytes, 2);
  ASSERT_TRUE(queue.push(first, 0));
  auto second = batch();
  ASSERT_TRUE(queue.push(second, 0));  // its half
  std::thread third([&] {
    auto waits = batch();
    EXPECT_FALSE(queue.push(waits, 0)) << "closed before there was room";
  });
  for (int i = 0; i < 2; ++i) {
    auto other = batch();
    ASSERT_TRUE(queue.push(other, 1));
  }
  EXPECT_EQ(queue.bytes(), 4 * bytes);
  queue.close();
  third.join();
}

}  // namespace
}  // namespace millrace
