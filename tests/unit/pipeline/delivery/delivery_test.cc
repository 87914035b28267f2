#include "pipeline/delivery/delivery.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace millrace {
namespace {

struct Listener : Acknowledged {
  std::vector<std::uint64_t> positions;
  void acknowledged(SourcePosition position) noexcept override {
    positions.push_back(position.position);
  }
};

/// A pipeline's books, an input's receipts and some outputs' books.
struct Books {
  Listener listener;
  Receipts receipts{listener};
  LedgerCounters pipeline;
  LedgerCounters outputs[3];

  Batch::Ptr batch(std::uint32_t events, std::uint64_t position) {
    auto batch = Batch::make();
    for (std::uint32_t i = 0; i < events; ++i) batch->add(Timestamp{0});
    Receipt* receipt = receipts.open({0, position}, events);
    for (std::uint32_t i = 0; i < events; ++i) batch->set_receipt(i, receipt);
    pipeline.came_in(events);
    return batch;
  }
};

TEST(Delivery, AcknowledgesWhenTheOnlyOutputHasDeliveredEverything) {
  Books books;
  auto deliveries =
      Dispatch::split(books.batch(3, 100), 3, {{0, 1, 2}}, {&books.outputs[0]}, books.pipeline);
  const std::uint32_t first[] = {1};
  deliveries[0].settle(first, Verdict::delivered);
  EXPECT_TRUE(books.listener.positions.empty());
  EXPECT_EQ(deliveries[0].events().size(), 2u);
  deliveries[0].settle(Verdict::delivered);
  EXPECT_EQ(books.listener.positions, std::vector<std::uint64_t>{100});
  EXPECT_EQ(books.pipeline.snapshot().in_flight(), 0u);
}

TEST(Delivery, WaitsForTheSlowestOfSeveralOutputsAndTakesTheWorstVerdict) {
  Books books;
  auto deliveries = Dispatch::split(books.batch(2, 7), 2, {{0, 1}, {1}},
                                    {&books.outputs[0], &books.outputs[1]}, books.pipeline);
  deliveries[1].settle(Verdict::dead_lettered);
  EXPECT_TRUE(books.listener.positions.empty());
  deliveries[0].settle(Verdict::delivered);
  EXPECT_EQ(books.listener.positions, std::vector<std::uint64_t>{7});
  EXPECT_EQ(books.pipeline.snapshot().delivered, 1u);
  EXPECT_EQ(books.pipeline.snapshot().dead_lettered, 1u);
}

TEST(Delivery, ADroppedEventIsConfirmedByBeingDropped) {
  Books books;
  auto batch = books.batch(2, 5);
  batch->set_state(0, EventState::dropped);
  batch->set_state(1, EventState::dropped);
  EXPECT_TRUE(Dispatch::split(std::move(batch), 2, {}, {}, books.pipeline).empty());
  EXPECT_EQ(books.listener.positions, std::vector<std::uint64_t>{5});
  EXPECT_EQ(books.pipeline.snapshot().dropped, 2u);
}

TEST(Delivery, AnEventThatAFilterDeadLetteredIsConfirmedAndCountedAsThat) {
  Books books;
  auto batch = books.batch(1, 5);
  batch->set_state(0, EventState::dead_lettered);
  Dispatch::split(std::move(batch), 1, {}, {}, books.pipeline);
  EXPECT_EQ(books.listener.positions, std::vector<std::uint64_t>{5});
  EXPECT_EQ(books.pipeline.snapshot().dead_lettered, 1u);
}

TEST(Delivery, ASplitEventIsConfirmedByAllItsPieces) {
  Books books;
  auto batch = books.batch(1, 5);
  const std::uint32_t a = batch->add_child(0, batch->copy_fields(0)).at();
  const std::uint32_t b = batch->add_child(0, batch->copy_fields(0)).at();
  batch->set_state(0, EventState::replaced);
  auto deliveries =
      Dispatch::split(std::move(batch), 1, {{a, b}}, {&books.outputs[0]}, books.pipeline);
  const std::uint32_t first[] = {a};
  deliveries[0].settle(first, Verdict::delivered);
  EXPECT_TRUE(books.listener.positions.empty());
  deliveries[0].settle(Verdict::delivered);
  EXPECT_EQ(books.listener.positions, std::vector<std::uint64_t>{5});
  const LedgerLine line = books.pipeline.snapshot();
  EXPECT_EQ(line.in + line.made, 2u);
  EXPECT_EQ(line.delivered, 2u);
}

TEST(Delivery, LetGoUnsettledItStaysInFlight) {
  Books books;
  Dispatch::split(books.batch(2, 5), 2, {{0, 1}}, {&books.outputs[0]}, books.pipeline);
  EXPECT_TRUE(books.listener.positions.empty());
  EXPECT_EQ(books.pipeline.snapshot().in_flight(), 2u);
}

/// Random batches with random drops, children and routes, settled in random order from several
/// threads: the books must balance and the last acknowledged position must be the last one.
TEST(Delivery, BooksBalanceOnRandomSchedules) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    Books books;
    std::vector<Delivery> all;
    for (std::uint64_t position = 1; position <= 30; ++position) {
      const auto events = static_cast<std::uint32_t>(1 + random() % 20);
      auto batch = books.batch(events, position);
      Selection live;
      for (std::uint32_t i = 0; i < events; ++i) {
        switch (random() % 4) {
          case 0:
            batch->set_state(i, EventState::dropped);
            break;
          case 1: {
            batch->set_state(i, EventState::replaced);
            for (auto n = random() % 3; n > 0; --n)
              live.push_back(batch->add_child(i, batch->copy_fields(i)).at());
            break;
          }
          default:
            live.push_back(i);
        }
      }
      std::vector<Selection> wanted;
      std::vector<LedgerCounters*> counters;
      for (LedgerCounters& output : books.outputs) {
        Selection selection;
        for (std::uint32_t at : live)
          if (random() % 2) selection.push_back(at);
        if (selection.empty()) continue;
        wanted.push_back(std::move(selection));
        counters.push_back(&output);
      }
      for (Delivery& delivery : Dispatch::split(std::move(batch), events, std::move(wanted),
                                                std::move(counters), books.pipeline))
        all.push_back(std::move(delivery));
    }
    std::shuffle(all.begin(), all.end(), random);
    std::vector<std::thread> threads;
    for (unsigned part = 0; part < 3; ++part) {
      threads.emplace_back([&, part] {
        for (std::size_t i = part; i < all.size(); i += 3) {
          const Selection half(
              all[i].events().begin(),
              all[i].events().begin() + static_cast<std::ptrdiff_t>(all[i].events().size() / 2));
          all[i].settle(half, Verdict::delivered);
          all[i].settle(i % 5 ? Verdict::delivered : Verdict::dead_lettered);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(books.pipeline.snapshot().in_flight(), 0u) << seed;
    EXPECT_EQ(books.receipts.waiting(), 0u);
    ASSERT_FALSE(books.listener.positions.empty());
    EXPECT_EQ(books.listener.positions.back(), 30u);
    EXPECT_TRUE(std::is_sorted(books.listener.positions.begin(), books.listener.positions.end()));
  }
}

}  // namespace
}  // namespace millrace
