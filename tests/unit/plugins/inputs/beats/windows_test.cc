#include "plugins/inputs/beats/windows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/unit/plugins/inputs/beats/frames.h"

namespace millrace::beats {
namespace {

using namespace std::chrono_literals;

std::string ack(std::uint32_t sequence, char version = '2') {
  return version + ("A" + frames::u32(sequence));
}

class BeatsWindows : public testing::Test {
 protected:
  void window(std::uint32_t events, char version = '2') {
    windows.open(version);
    end += events;
    windows.complete(events, end);
  }
  std::string due(std::chrono::milliseconds later = 0ms) {
    now += later;
    std::string out;
    windows.take(now, out);
    return out;
  }

  explicit BeatsWindows(bool partial_acks = false) : windows(5s, partial_acks) {}

  Windows windows;
  Windows::Time now{1h};
  std::uint64_t end = 0;
};

class BeatsWindowsInPart : public BeatsWindows {
 protected:
  BeatsWindowsInPart() : BeatsWindows(true) {}
};

TEST_F(BeatsWindows, AWindowGetsOneAckWhenItsLastEventIsDelivered) {
  window(3);
  EXPECT_EQ(due(), "");
  windows.acknowledged(2);
  EXPECT_EQ(due(), "");
  windows.acknowledged(3);
  EXPECT_EQ(due(), ack(3));
  EXPECT_EQ(due(1h), "");
  EXPECT_TRUE(windows.idle());
}

TEST_F(BeatsWindows, AClientWhoseWindowCannotBeReadYetIsKeptAlive) {
  windows.expect(true);
  EXPECT_EQ(due(), "");
  EXPECT_EQ(due(5s), ack(0));
  EXPECT_EQ(due(5s), ack(0));
  windows.expect(false);
  EXPECT_EQ(due(1h), "");
}

TEST_F(BeatsWindows, EachWindowOfAPipelineGetsItsOwnInOrder) {
  window(2);
  window(7);
  window(2);
  windows.acknowledged(9);
  EXPECT_EQ(due(), ack(2) + ack(7));
  EXPECT_EQ(windows.waiting(), 1u);
  windows.acknowledged(11);
  EXPECT_EQ(due(), ack(2));
}

TEST_F(BeatsWindows, TheAckHasTheWindowsVersionAndItsLastSequenceNumber) {
  windows.open('1');
  windows.complete(0xffffffff, 1);
  windows.open('1');
  windows.complete(4, 6);
  windows.acknowledged(6);
  EXPECT_EQ(due(), ack(0xffffffff, '1') + ack(4, '1'));
}

TEST_F(BeatsWindows, AnEmptyWindowWaitsForThoseBeforeIt) {
  window(0);
  EXPECT_EQ(due(), ack(0));
  window(2);
  window(0);
  EXPECT_EQ(due(), "");
  windows.acknowledged(2);
  EXPECT_EQ(due(), ack(2) + ack(0));
}

TEST_F(BeatsWindows, KeepsAClientAliveWhileSomethingIsNotDone) {
  window(2);
  EXPECT_EQ(due(), "");
  EXPECT_EQ(due(4999ms), "");
  EXPECT_EQ(due(1ms), ack(0));
  EXPECT_EQ(due(4999ms), "");
  EXPECT_EQ(due(1ms), ack(0));
  windows.acknowledged(2);
  EXPECT_EQ(due(1s), ack(2));
  EXPECT_EQ(due(1h), "");
  windows.open('2');  // half received
  EXPECT_EQ(due(5s), ack(0));
}

TEST_F(BeatsWindows, AnAckIsAsGoodAsAKeepAlive) {
  due();
  window(2);
  window(2);
  windows.acknowledged(2);
  EXPECT_EQ(due(4s), ack(2));
  EXPECT_EQ(due(4999ms), "");
  EXPECT_EQ(due(1ms), ack(0));
}

TEST_F(BeatsWindows, AClientOfVersion1GetsNotAByteBeforeItsAck) {
  window(2, '1');
  EXPECT_EQ(due(1h), "");
  window(2);  // nor may a keep-alive for a window behind it come first
  EXPECT_EQ(due(1h), "");
  windows.acknowledged(2);
  EXPECT_EQ(due(), ack(2, '1'));
  EXPECT_EQ(due(5s), ack(0));
}

TEST_F(BeatsWindowsInPart, SaysHowFarAWindowIsDoneWhereThatIsWanted) {
  window(10);
  window(10);
  windows.acknowledged(3);
  EXPECT_EQ(due(), ack(3));
  EXPECT_EQ(due(), "");
  EXPECT_EQ(due(5s), ack(3)) << "keep-alives do not go back";
  windows.acknowledged(12);
  EXPECT_EQ(due(), ack(10) + ack(2)) << "of the oldest window only, and never all of it";
  windows.acknowledged(20);
  EXPECT_EQ(due(), ack(10));
  window(10);
  EXPECT_EQ(due(5s), ack(0));
}

TEST_F(BeatsWindowsInPart, SaysNothingToClientsThatWouldTakeItForSomethingElse) {
  window(10, '1');
  windows.acknowledged(3);
  EXPECT_EQ(due(1h), "") << "all of it, to version 1";
  windows.acknowledged(end);
  EXPECT_EQ(due(), ack(10, '1'));
  windows.open('2');
  windows.complete(1010, end += 10);
  windows.acknowledged(end - 5);
  EXPECT_EQ(due(), "") << "numbers that do not begin at 1";
}

TEST_F(BeatsWindows, KnowsSinceWhenNothingMoves) {
  EXPECT_EQ(windows.stalled_since(), std::nullopt);
  windows.open('2');
  due(1s);
  EXPECT_EQ(windows.stalled_since(), std::nullopt) << "it is the client's turn";
  windows.complete(10, end += 10);
  due(1s);
  const auto begin = now;
  due(1s);
  EXPECT_EQ(windows.stalled_since(), begin);
  window(10);
  due(1s);
  EXPECT_EQ(windows.stalled_since(), begin) << "more of what waits is no progress";
  windows.acknowledged(1);
  due(1s);
  EXPECT_EQ(windows.stalled_since(), now);
  windows.acknowledged(end);
  due(1s);
  EXPECT_EQ(windows.stalled_since(), std::nullopt);
  windows.expect(true);
  due(1s);
  const auto expected = now;
  windows.expect(true);
  due(1s);
  EXPECT_EQ(windows.stalled_since(), expected);
}

TEST_F(BeatsWindows, OnlyOneAckAWindowWhateverTheOrderOfCalls) {
  std::mt19937 random(3);
  std::uint64_t delivered = 0;
  std::vector<std::uint32_t> sizes;
  std::string sent;
  for (int step = 0; step < 10'000; ++step) {
    if (random() % 3 == 0) {
      sizes.push_back(1 + random() % 20);
      window(sizes.back());
    }
    delivered = std::min(end, delivered + random() % 15);
    windows.acknowledged(random() % 2 ? delivered : delivered / 2);
    sent += due();
  }
  windows.acknowledged(end);
  sent += due();
  std::string expected;
  for (const std::uint32_t size : sizes) expected += ack(size);
  EXPECT_EQ(sent, expected);
}

}  // namespace
}  // namespace millrace::beats
