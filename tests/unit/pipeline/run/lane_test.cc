#include "pipeline/run/lane.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <random>

namespace millrace {
namespace {

struct Nobody : Acknowledged {
  void acknowledged(SourcePosition) noexcept override {}
};

/// Remembers in which order deliveries came: the first event's message is the batch's number.
class Recorder : public Output {
 public:
  Result<void> write(Delivery delivery, const StopSignal&) override {
    if (gate.valid()) gate.wait();
    seen.push_back(delivery.batch()[0].timestamp().ns);
    if (seen.size() > most) return fail(Errc::closed, "nobody reads it");
    delivery.settle(Verdict::delivered);
    return {};
  }
  std::size_t most = SIZE_MAX;  ///< deliveries; then the destination is gone
  std::vector<std::int64_t> seen;
  std::shared_future<void> gate;
};

void never_gone(Error error) { ADD_FAILURE() << error.message; }

struct Bench {
  LedgerCounters pipeline;
  LedgerCounters output;

  Delivery delivery(std::int64_t number) {
    auto batch = Batch::make();
    batch->add(Timestamp{number});
    pipeline.came_in(1);
    return std::move(Dispatch::split(std::move(batch), 1, {{0}}, {&output}, pipeline)[0]);
  }
};

TEST(Lane, PutsWhatComesEarlyBackIntoOrder) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    Bench bench;
    Recorder recorder;
    StopSignal give_up;
    Lane lane(recorder, give_up, {.max_bytes = std::size_t{1} << 30}, never_gone, [] {});
    lane.start();
    std::vector<std::uint64_t> numbers(40);
    for (std::uint64_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937(seed));
    std::vector<std::int64_t> want;
    for (std::uint64_t number : numbers) {
      if (number % 3 == 0)
        lane.put(number, std::nullopt);
      else
        lane.put(number, bench.delivery(static_cast<std::int64_t>(number)));
    }
    lane.finish();
    for (std::int64_t i = 0; i < 40; ++i)
      if (i % 3) want.push_back(i);
    EXPECT_EQ(recorder.seen, want);
    EXPECT_EQ(bench.pipeline.snapshot().in_flight(), 0u);
  }
}

TEST(Lane, UnorderedDeliversWithoutWaitingForEarlierNumbers) {
  Bench bench;
  Recorder recorder;
  StopSignal give_up;
  Lane lane(recorder, give_up, {.max_bytes = 1, .ordered = false}, never_gone, [] {});
  lane.start();
  lane.put(7, bench.delivery(7));
  lane.finish();
  EXPECT_EQ(recorder.seen, std::vector<std::int64_t>{7});
}

TEST(Lane, AFullOneSaysSoAndTakesWhatWasBegunAllTheSame) {
  Bench bench;
  std::promise<void> open;
  std::promise<void> room;
  Recorder recorder;
  recorder.gate = open.get_future().share();
  StopSignal give_up;
  std::atomic<int> told{0};
  Lane lane(recorder, give_up, {.max_bytes = 1}, never_gone, [&] {
    if (++told == 3) room.set_value();
  });
  lane.start();
  EXPECT_FALSE(lane.full());
  lane.put(0, bench.delivery(0));
  EXPECT_TRUE(lane.full());
  lane.put(1, std::nullopt);
  lane.put(3, bench.delivery(3));
  lane.put(2, bench.delivery(2));
  open.set_value();
  room.get_future().wait();
  EXPECT_FALSE(lane.full());
  lane.finish();
  EXPECT_EQ(recorder.seen, (std::vector<std::int64_t>{0, 2, 3}));
}

TEST(Lane, AfterGivingUpItIsNotFull) {
  Bench bench;
  std::promise<void> open;
  Recorder recorder;
  recorder.gate = open.get_future().share();
  StopSignal give_up;
  Lane lane(recorder, give_up, {.max_bytes = 1}, never_gone, [] {});
  lane.start();
  lane.put(0, bench.delivery(0));
  EXPECT_TRUE(lane.full());
  give_up.request();
  EXPECT_FALSE(lane.full());
  open.set_value();
  lane.finish();
}

TEST(Lane, ADestinationThatIsGoneHoldsUpNobodyAndConfirmsNothing) {
  Bench bench;
  Recorder recorder;
  recorder.most = 1;
  StopSignal give_up;
  std::vector<std::string> causes;
  Lane lane(
      recorder, give_up, {.max_bytes = 1}, [&](Error cause) { causes.push_back(cause.message); },
      [] {});
  lane.start();
  for (std::uint64_t number = 0; number < 50; ++number)
    lane.put(number, bench.delivery(static_cast<std::int64_t>(number)));
  lane.finish();
  EXPECT_EQ(causes, std::vector<std::string>{"nobody reads it"});
  EXPECT_EQ(recorder.seen, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(bench.pipeline.snapshot().delivered, 1u);
}

TEST(Lane, WritesNothingMoreOnceTheProcessGivesUp) {
  Bench bench;
  Recorder recorder;
  StopSignal give_up;
  give_up.request();
  Lane lane(recorder, give_up, {.max_bytes = 1}, never_gone, [] {});
  lane.start();
  for (std::uint64_t number = 0; number < 5; ++number) lane.put(number, bench.delivery(0));
  lane.finish();
  EXPECT_EQ(recorder.seen, std::vector<std::int64_t>());
  EXPECT_EQ(bench.pipeline.snapshot().in_flight(), 5u);
}

}  // namespace
}  // namespace millrace
