#include "plugins/support/delivery_inbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace millrace {
namespace {

/// An inbox for 100 bytes, whose sending thread the test plays.
class DeliveryInboxTest : public testing::Test {
 protected:
  static constexpr std::size_t kMostBytes = 100;

  /// Can be told from others by its number.
  Delivery delivery(std::int64_t number = 0) {
    auto batch = Batch::make();
    batch->add(Timestamp{number});
    pipeline_.came_in(1);
    return std::move(Dispatch::split(std::move(batch), 1, {{0}}, {&output_}, pipeline_).at(0));
  }

  std::future<void> put_on_a_thread(std::size_t bytes) {
    return std::async(std::launch::async, [this, bytes] { inbox_.put(delivery(), bytes, stop_); });
  }

  static std::vector<std::int64_t> numbers(const DeliveryInbox::Arrived& arrived) {
    std::vector<std::int64_t> out;
    for (const Delivery& one : arrived.deliveries) out.push_back(one.batch()[0].timestamp().ns);
    return out;
  }

  LedgerCounters pipeline_, output_;
  StopSignal stop_;
  std::atomic<int> woken_{0};
  DeliveryInbox inbox_{kMostBytes, [this] { ++woken_; }};
};

TEST_F(DeliveryInboxTest, GivesWhatCameInOrderAndOnce) {
  for (const std::int64_t number : {3, 1, 2}) inbox_.put(delivery(number), 10, stop_);
  EXPECT_EQ(woken_, 3);
  const auto arrived = inbox_.take();
  EXPECT_EQ(numbers(arrived), (std::vector<std::int64_t>{3, 1, 2}));
  EXPECT_FALSE(arrived.no_more);
  EXPECT_FALSE(arrived.give_up);
  EXPECT_TRUE(inbox_.take().deliveries.empty());
}

TEST_F(DeliveryInboxTest, TakesTheLargestDeliveryWhereAnythingIsFree) {
  inbox_.put(delivery(), kMostBytes - 1, stop_);
  inbox_.put(delivery(), 50 * kMostBytes, stop_);
  EXPECT_EQ(inbox_.take().deliveries.size(), 2u);
}

TEST_F(DeliveryInboxTest, LetsADeliveryThatFindsNoRoomGoUnsettledOnStop) {
  inbox_.put(delivery(), kMostBytes, stop_);
  auto blocked = put_on_a_thread(1);
  stop_.request();
  blocked.get();
  EXPECT_EQ(inbox_.take().deliveries.size(), 1u);
  EXPECT_EQ(output_.snapshot().delivered, 0u);
  EXPECT_EQ(woken_, 1);
}

TEST_F(DeliveryInboxTest, HasRoomAgainWhenBytesAreReleasedNotWhenTheyAreTaken) {
  inbox_.put(delivery(), kMostBytes, stop_);
  EXPECT_EQ(inbox_.take().deliveries.size(), 1u);
  stop_.request();  // so that no put() blocks
  inbox_.put(delivery(), 1, stop_);
  EXPECT_TRUE(inbox_.take().deliveries.empty());
  inbox_.release(1);
  inbox_.put(delivery(), 1, stop_);
  EXPECT_EQ(inbox_.take().deliveries.size(), 1u);
}

TEST_F(DeliveryInboxTest, GoesOnWithABlockedDeliveryWhenBytesAreReleased) {
  inbox_.put(delivery(), kMostBytes, stop_);
  auto blocked = put_on_a_thread(1);
  inbox_.release(1);
  blocked.get();
  EXPECT_EQ(inbox_.take().deliveries.size(), 2u);
}

TEST_F(DeliveryInboxTest, TakesADeliveryThatFindsRoomAfterStop) {
  stop_.request();
  inbox_.put(delivery(), 1, stop_);
  EXPECT_EQ(inbox_.take().deliveries.size(), 1u);
}

TEST_F(DeliveryInboxTest, SaysWithTheLastDeliveriesThatNoMoreCome) {
  inbox_.put(delivery(7), 1, stop_);
  inbox_.finish();
  EXPECT_EQ(woken_, 2);
  const auto arrived = inbox_.take();
  EXPECT_EQ(numbers(arrived), (std::vector<std::int64_t>{7}));
  EXPECT_TRUE(arrived.no_more);
  EXPECT_FALSE(arrived.give_up);
}

TEST_F(DeliveryInboxTest, StaysGivenUpWhateverIsSaidLater) {
  inbox_.give_up();
  EXPECT_EQ(woken_, 1);
  inbox_.finish();
  EXPECT_TRUE(inbox_.take().no_more);
  EXPECT_TRUE(inbox_.take().give_up);
}

TEST_F(DeliveryInboxTest, WaitsUntilTheSendingThreadHasEnded) {
  inbox_.finish();
  std::atomic<bool> ended{false};
  auto sending = std::async(std::launch::async, [&] {
    while (!inbox_.take().no_more) std::this_thread::yield();
    ended = true;
    inbox_.ended();
  });
  inbox_.wait_until_ended(stop_);
  EXPECT_TRUE(ended);
}

TEST_F(DeliveryInboxTest, WaitsNoLongerThanUntilStop) {
  auto waiting = std::async(std::launch::async, [&] { inbox_.wait_until_ended(stop_); });
  stop_.request();
  waiting.get();
}

TEST_F(DeliveryInboxTest, WakesNobodyWhileItIsHeld) {
  auto held = inbox_.hold();
  auto blocked = put_on_a_thread(1);
  EXPECT_EQ(woken_, 0);
  held.unlock();
  blocked.get();
  EXPECT_EQ(woken_, 1);
}

}  // namespace
}  // namespace millrace
