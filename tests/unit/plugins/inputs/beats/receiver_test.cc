#include "plugins/inputs/beats/receiver.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "plugins/codecs/plain.h"
#include "tests/unit/plugins/inputs/beats/frames.h"
#include "tests/unit/support/fake_emitter.h"

namespace millrace::beats {
namespace {

using namespace frames;
using End = Receiver::Slice::End;

std::string whole_window(std::size_t count, std::size_t first = 1, std::size_t size = 0) {
  std::string events;
  for (std::size_t i = 1; i <= count; ++i)
    events +=
        json(i, fmt::format(R"({{"message":"{}{}"}})", first + i - 1, std::string(size, ' ')));
  return window(count) + compressed(events);
}

class NoInput : public Input {
 public:
  Result<void> run(Emitter&) override { return {}; }
};

class BeatsReceiver : public testing::Test {
 protected:
  BeatsReceiver() { emitter.acknowledges = false; }

  /// One turn over what `bytes` and earlier ones are not read yet, in pieces of `piece`.
  Receiver::Slice work(std::string_view bytes, std::size_t piece = 1 << 20) {
    pending += bytes;
    return receiver.work([&](std::span<char> into) {
      const std::size_t some = std::min({piece, into.size(), pending.size()});
      if (some == 0) return Transport::Io{ending};
      std::memcpy(into.data(), pending.data(), some);
      pending.erase(0, some);
      return Transport::Io{Transport::State::done, some};
    });
  }
  std::vector<std::uint64_t> ends() const {
    std::vector<std::uint64_t> out;
    for (const SourcePosition& position : emitter.positions) out.push_back(position.position);
    return out;
  }
  std::string acks() {
    std::string out;
    deliveries.take({}, out);
    return out;
  }

  using Ends = std::vector<std::uint64_t>;

  NoInput input;
  FakeEmitter emitter{input};
  Budget budget{64 << 20};
  Budget::Account account{budget};
  Deliveries deliveries{std::chrono::hours(1), false, account};
  MadeCodec codec{plain_codec(), "plain { }"};
  EventRules rules{{.codec_tag = false, .source = false},
                   EcsMode::disabled,
                   std::shared_ptr<const Codec>(std::move(codec.made)),
                   "plain",
                   true};
  Peer peer;
  Receiver receiver{7, Limits{}, rules, peer, emitter, deliveries, account};
  std::string pending;
  Transport::State ending = Transport::State::wants_read;
};

TEST_F(BeatsReceiver, EmitsAWindowWhenItIsComplete) {
  const std::string bytes = whole_window(5);
  const std::size_t cut = bytes.size() / 2;
  EXPECT_EQ(work(bytes.substr(0, cut)).end, End::drained);
  EXPECT_TRUE(emitter.positions.empty());
  EXPECT_TRUE(receiver.unfinished());
  EXPECT_GT(account.bytes(), 0u);
  EXPECT_EQ(work(bytes.substr(cut)).end, End::drained);
  EXPECT_EQ(emitter.messages, (std::vector<std::string>{"1", "2", "3", "4", "5"}));
  EXPECT_EQ(emitter.positions[0].partition, 7u);
  EXPECT_EQ(ends(), Ends{5});
  EXPECT_FALSE(receiver.unfinished());
}

TEST_F(BeatsReceiver, TheAckComesWithTheDeliveryAndFreesTheMemory) {
  work(whole_window(5));
  EXPECT_EQ(acks(), "");
  EXPECT_GT(budget.used(), 1000u);
  deliveries.acknowledged(5);
  EXPECT_EQ(acks(), "2A" + u32(5));
  EXPECT_LT(budget.used(), 1000u);
}

TEST_F(BeatsReceiver, DividesALargeWindowEvenly) {
  emitter.most = 100;
  work(whole_window(250));
  EXPECT_EQ(ends(), (Ends{84, 168, 250}));
  EXPECT_EQ(emitter.messages.size(), 250u);
  deliveries.acknowledged(168);
  EXPECT_EQ(acks(), "");
  deliveries.acknowledged(250);
  EXPECT_EQ(acks(), "2A" + u32(250));
}

TEST_F(BeatsReceiver, EmitsNothingOfAWindowThatIsNotComplete) {
  const std::string next = whole_window(2, 4);
  work(whole_window(3) + next.substr(0, next.size() - 1));
  EXPECT_EQ(ends(), Ends{3});
  work(next.substr(next.size() - 1) + window(0));
  EXPECT_EQ(ends(), (Ends{3, 5}));
  deliveries.acknowledged(5);
  EXPECT_EQ(acks(), "2A" + u32(3) + "2A" + u32(2) + "2A" + u32(0));
}

TEST_F(BeatsReceiver, AWindowWithoutEventsIsAcknowledgedAllTheSame) {
  work(window(1) + json(9, "[]"));
  EXPECT_EQ(ends(), Ends{1});
  deliveries.acknowledged(1);
  EXPECT_EQ(acks(), "2A" + u32(9));
}

TEST_F(BeatsReceiver, GivesOthersATurn) {
  const std::string bytes = whole_window(60'000, 1, 100);
  EXPECT_EQ(work(bytes).end, End::more);
  int turns = 1;
  while (work("").end == End::more) ++turns;
  EXPECT_GT(turns, 2);
  EXPECT_EQ(emitter.messages.size(), 60'000u);
}

TEST_F(BeatsReceiver, LetsAnUnfinishedWindowGoWhenItsMemoryIsNeeded) {
  const std::string bytes = window(1'000) + whole_window(10).substr(6);
  work(bytes);
  EXPECT_TRUE(emitter.positions.empty());
  EXPECT_EQ(receiver.let_go().end, End::drained);
  EXPECT_EQ(ends(), Ends{10});
  EXPECT_EQ(acks(), "");
}

TEST_F(BeatsReceiver, LetsWhatItHasOfACompressedFrameGoWhenItsMemoryIsNeeded) {
  const std::string bytes = whole_window(2'000, 1, 100);
  work(bytes.substr(0, bytes.size() / 2));
  EXPECT_TRUE(emitter.positions.empty());
  receiver.let_go();
  EXPECT_GT(emitter.messages.size(), 100u);
  EXPECT_LT(emitter.messages.size(), 2'000u);
  work(bytes.substr(bytes.size() / 2));
  EXPECT_EQ(emitter.messages.size(), 2'000u);
}

TEST_F(BeatsReceiver, WhatIsCompleteIsEmittedAlsoBeforeAnError) {
  const auto slice = work(whole_window(2) + "3W");
  EXPECT_EQ(slice.end, End::refused);
  EXPECT_EQ(slice.error, "expected a frame of version 1 or 2 (at 33 57)");
  EXPECT_EQ(ends(), Ends{2});
}

TEST_F(BeatsReceiver, SaysWhenTheClientOrThePipelineHasEnded) {
  ending = Transport::State::ended;
  EXPECT_EQ(work(whole_window(2)).end, End::closed);
  EXPECT_EQ(ends(), Ends{2});
  emitter.takes = 1;
  EXPECT_EQ(work(whole_window(2)).end, End::stopped);
}

TEST_F(BeatsReceiver, WindowsOfHoweverManyBytesArriveInHoweverSmallPieces) {
  for (std::size_t piece : {1u, 7u, 1000u}) work(whole_window(300), piece);
  EXPECT_EQ(emitter.messages.size(), 900u);
  EXPECT_EQ(ends().back(), 900u);
}

TEST(BeatsBudget, LimitsEachToItsShareOnceHalfIsUsed) {
  Budget budget(8000);
  Budget::Account large(budget);
  Budget::Account small(budget);
  int calls = 0;
  budget.on_room([&] { ++calls; });
  large.set_unsent(3999);
  EXPECT_TRUE(large.may_read());
  large.add_in_flight(1);
  EXPECT_FALSE(large.may_read());
  EXPECT_TRUE(small.may_read());
  EXPECT_FALSE(budget.stuck());
  small.set_unsent(2000);
  EXPECT_FALSE(small.may_read());
  budget.wait_for_room();
  EXPECT_EQ(calls, 0);
  large.remove_in_flight(1);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(budget.stuck());
}

TEST(BeatsBudget, AConnectionThatEndsGivesBackWhatItHeld) {
  Budget budget(8000);
  {
    Budget::Account account(budget);
    account.set_unsent(3000);
    account.add_in_flight(4000);
    EXPECT_EQ(budget.used(), 7000u);
  }
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_FALSE(budget.stuck());
}

}  // namespace
}  // namespace millrace::beats
