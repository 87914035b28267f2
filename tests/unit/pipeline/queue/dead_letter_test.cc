#include "pipeline/queue/dead_letter.h"

#include <gtest/gtest.h>

#include "pipeline/observe/log.h"
#include "pipeline/plugin/dead_lettering.h"

namespace millrace {
namespace {

struct Listener : Acknowledged {
  std::vector<std::uint64_t> positions;
  void acknowledged(SourcePosition position) noexcept override {
    positions.push_back(position.position);
  }
};

/// Deals with `room` letters, then is full.
struct SmallQueue : DeadLetters {
  std::size_t room;
  explicit SmallQueue(std::size_t letters) : room(letters) {}
  std::size_t write(std::span<const DeadLetter> letters,
                    std::span<DeadLetterOutcome> outcomes) override {
    const std::size_t done = std::min(letters.size(), room);
    for (std::size_t i = 0; i < done; ++i) outcomes[i] = DeadLetterOutcome::kept;
    room -= done;
    return done;
  }
  bool keeps() const override { return true; }
  DeadLetterCounts counts() const override { return {}; }
};

/// A batch of three events on its way to one output.
struct OneDelivery {
  Listener listener;
  Receipts receipts{listener};
  LedgerCounters pipeline;
  LedgerCounters output;
  std::vector<Delivery> deliveries;

  OneDelivery() {
    auto batch = Batch::make();
    for (int i = 0; i < 3; ++i) batch->add(Timestamp{0});
    Receipt* const receipt = receipts.open({0, 100}, 3);
    for (std::uint32_t i = 0; i < 3; ++i) batch->set_receipt(i, receipt);
    pipeline.came_in(3);
    deliveries = Dispatch::split(std::move(batch), 3, {{0, 1, 2}}, {&output}, pipeline);
  }
  Delivery& delivery() { return deliveries.front(); }
  DeadLetter letter(std::uint32_t at) { return {delivery().batch(), at, {.code = "refused"}}; }
};

TEST(DeadLettering, SettlesWhatTheQueueHasTaken) {
  OneDelivery one;
  const DeadLetter letters[] = {one.letter(0), one.letter(2)};
  SmallQueue queue(9);
  EXPECT_EQ(dead_letter(one.delivery(), letters, queue), 2u);
  EXPECT_EQ(one.delivery().events().size(), 1u);
  one.delivery().settle(Verdict::delivered);
  EXPECT_EQ(one.listener.positions, std::vector<std::uint64_t>{100});
  EXPECT_EQ(one.pipeline.snapshot().dead_lettered, 2u);
  EXPECT_EQ(one.pipeline.snapshot().delivered, 1u);
}

TEST(DeadLettering, AFullQueueLeavesTheEventsInTheDelivery) {
  OneDelivery one;
  const DeadLetter letters[] = {one.letter(0), one.letter(1), one.letter(2)};
  SmallQueue queue(1);
  StopSignal stop;
  stop.request();
  EXPECT_EQ(dead_letter_or_wait(one.delivery(), letters, queue, stop), 1u);
  EXPECT_EQ(one.delivery().events().size(), 2u);
  EXPECT_TRUE(one.listener.positions.empty());
  EXPECT_EQ(one.pipeline.snapshot().in_flight(), 2u);
}

TEST(CountingDeadLetters, DropEveryLetterAndCountIt) {
  OneDelivery one;
  const auto queue = counting_dead_letters("test");
  EXPECT_FALSE(queue->keeps());
  const DeadLetter letters[] = {one.letter(0), one.letter(1)};
  EXPECT_EQ(dead_letter(one.delivery(), letters, *queue), 2u);
  EXPECT_EQ(queue->write(one.delivery().batch(), 2, {.code = "refused"}),
            DeadLetterOutcome::dropped);
  EXPECT_EQ(queue->counts().dropped, 3u);
  EXPECT_EQ(queue->counts().kept, 0u);
}

TEST(CountingDeadLetters, LogACodeOnceAndCutWhatTheyShow) {
  const auto queue = counting_dead_letters("test");
  auto batch = Batch::make();
  batch->add(Timestamp{0}).put(name::message, batch->copy(std::string(100'000, 'x')));
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i)
    queue->write(*batch, 0, {.code = "too_large", .message = std::string(100'000, 'm')});
  log::flush();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("too_large"), std::string::npos);
  EXPECT_EQ(said.find("too_large"), said.rfind("too_large"));
  EXPECT_LT(said.size(), 2000u);
}

}  // namespace
}  // namespace millrace
