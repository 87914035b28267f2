#include "plugins/outputs/elasticsearch/jobs.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace::elasticsearch {
namespace {

using std::chrono::milliseconds;

/// A queue with a server that the test plays.
class JobQueueTest : public testing::Test {
 protected:
  JobQueueTest() { settings_.index = EventText::parse("i").value(); }

  JobQueue make(RequestLimits limits = {}) {
    return JobQueue(limits, 0, {}, Backoff{milliseconds(100), milliseconds(1000)},
                    [this](std::span<const Rejected> rejected) {
                      const std::size_t kept = std::min(rejected.size(), room_);
                      for (const Rejected& one : rejected.subspan(0, kept))
                        letters_.push_back(std::to_string(one.event) + " " + std::string(one.code));
                      return kept;
                    });
  }

  /// One event for each id.
  Delivery delivery(const std::vector<std::string>& ids) {
    auto batch = Batch::make();
    Selection all;
    for (const std::string& id : ids)
      all.push_back(add_event(*batch, id.empty() ? "{}" : "{\"id\":\"" + id + "\"}").at());
    Receipt* const receipt = receipts_.open({0, ++opened_}, batch->size());
    for (const std::uint32_t at : all) batch->set_receipt(at, receipt);
    pipeline_.came_in(all.size());
    const auto size = static_cast<std::uint32_t>(all.size());
    auto parcel = ActionEncoder(settings_).encode(*batch, all);
    auto deliveries =
        Dispatch::split(std::move(batch), size, {std::move(all)}, {&output_}, pipeline_);
    deliveries.at(0).parcel = std::move(parcel);
    return std::move(deliveries.at(0));
  }

  void with_ids(ActionKind kind) {
    settings_.document_id = EventText::parse("%{id}").value();
    settings_.default_action = kind;
  }

  static std::vector<ItemAnswer> items(std::initializer_list<int> statuses) {
    std::vector<ItemAnswer> answers;
    for (const int status : statuses) {
      ItemAnswer& item = answers.emplace_back();
      item.status = status;
      item.has_error = status >= 300;
      if (item.has_error) item.error_type = "e" + std::to_string(status);
    }
    return answers;
  }
  static std::string body_of(const Job& job) {
    std::string text;
    for (const std::string_view piece : job.body->pieces()) text += piece;
    return text;
  }
  /// How often each action stands in the body.
  static std::size_t lines(const Job& job) {
    const std::string text = body_of(job);
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  LedgerLine ledger() const { return output_.snapshot(); }

  struct Listener : Acknowledged {
    void acknowledged(SourcePosition position) noexcept override { last = position.position; }
    std::uint64_t last = 0;
  };
  ActionSettings settings_;
  Listener listener_;
  Receipts receipts_{listener_};
  LedgerCounters pipeline_;
  LedgerCounters output_;
  std::uint64_t opened_ = 0;
  std::size_t room_ = 1000;
  std::vector<std::string> letters_;
  const Clock::time_point t0_ = Clock::now();
};

TEST_F(JobQueueTest, WhatAnAnswerConfirmsIsDelivered) {
  JobQueue queue = make();
  queue.add(delivery({"a", "b"}), t0_);
  queue.add(delivery({"c"}), t0_);
  Job* const job = queue.next(t0_);
  ASSERT_TRUE(job);
  EXPECT_EQ(lines(*job), 6u);
  EXPECT_EQ(queue.next(t0_), nullptr);
  queue.answered(*job, items({201, 201, 201}), t0_);
  EXPECT_EQ(ledger().delivered, 3u);
  EXPECT_TRUE(queue.empty());
  EXPECT_GT(queue.take_released(), 0u);
  EXPECT_EQ(listener_.last, 2u);
}

TEST_F(JobQueueTest, OnlyFailedItemsAreSentAgainAndLater) {
  JobQueue queue = make();
  queue.add(delivery({"a", "b", "c", "d"}), t0_);
  Job* job = queue.next(t0_);
  const Tally tally = queue.answered(*job, items({201, 429, 400, 503}), t0_);
  EXPECT_EQ(tally.delivered, 1u);
  EXPECT_EQ(tally.busy, 2u);
  EXPECT_EQ(tally.dead_lettered, 1u);
  EXPECT_EQ(letters_, std::vector<std::string>{"2 e400"});
  EXPECT_EQ(ledger().delivered, 1u);
  EXPECT_EQ(ledger().dead_lettered, 1u);
  EXPECT_LE(queue.due(), t0_ + milliseconds(100));
  job = queue.next(queue.due());
  ASSERT_TRUE(job);
  const std::string body = body_of(*job);
  EXPECT_NE(body.find("\"b\""), std::string::npos);
  EXPECT_NE(body.find("\"d\""), std::string::npos);
  EXPECT_EQ(body.find("\"a\""), std::string::npos);
  EXPECT_EQ(lines(*job), 4u);
  queue.answered(*job, items({201, 201}), t0_);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(ledger().settled(), 4u);
}

TEST_F(JobQueueTest, NothingIsSettledByARequestWithoutAnswer) {
  JobQueue queue = make();
  queue.add(delivery({"a", "b"}), t0_);
  Job* job = queue.next(t0_);
  queue.put_back(*job, t0_ + milliseconds(500));
  EXPECT_EQ(queue.next(t0_), nullptr);
  EXPECT_EQ(queue.due(), t0_ + milliseconds(500));
  job = queue.next(t0_ + milliseconds(500));
  ASSERT_TRUE(job);
  EXPECT_EQ(lines(*job), 4u);
  EXPECT_EQ(ledger().settled(), 0u);
}

TEST_F(JobQueueTest, TooLargeIsHalvedDownToTheOneEvent) {
  JobQueue queue = make();
  queue.add(delivery({"a", "b", "huge", "d", "e"}), t0_);
  ItemAnswer refusal;
  refusal.status = 413;
  refusal.error_type = "too_large";
  std::size_t requests = 0;
  while (Job* const job = queue.next(t0_)) {
    ASSERT_LT(++requests, 20u);
    if (body_of(*job).find("huge") != std::string::npos)
      queue.halve(*job, refusal, t0_);
    else
      queue.answered(*job, std::vector<ItemAnswer>(job->actions.size(), items({201})[0]), t0_);
  }
  EXPECT_EQ(letters_, std::vector<std::string>{"2 too_large"});
  EXPECT_EQ(ledger().delivered, 4u);
  EXPECT_EQ(ledger().dead_lettered, 1u);
  EXPECT_TRUE(queue.empty());
}

TEST_F(JobQueueTest, OneEventThatSpoilsRequestsIsFoundInFewTries) {
  JobQueue queue = make();
  std::vector<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.push_back("n" + std::to_string(i) + ".");
  queue.add(delivery(ids), t0_);
  ItemAnswer refusal;
  refusal.status = 400;
  refusal.error_type = "request_refused";
  std::size_t requests = 0;
  while (Job* const job = queue.next(t0_)) {
    ++requests;
    if (body_of(*job).find("n777.") != std::string::npos)
      queue.halve(*job, refusal, t0_);
    else
      queue.answered(*job, std::vector<ItemAnswer>(job->actions.size(), items({201})[0]), t0_);
  }
  EXPECT_EQ(letters_, std::vector<std::string>{"777 request_refused"});
  EXPECT_EQ(ledger().delivered, 999u);
  EXPECT_LT(requests, 60u);
}

TEST_F(JobQueueTest, RequestsKeepToTheLimits) {
  JobQueue queue = make({.target_bytes = 200, .most_actions = 3});
  queue.add(delivery({"1", "2", "3", "4", "5", "6", "7"}), t0_);
  queue.add(delivery({std::string(500, 'x')}), t0_);
  std::vector<std::size_t> sizes;
  std::vector<Job*> jobs;
  while (Job* const job = queue.next(t0_)) {
    sizes.push_back(job->actions.size());
    EXPECT_TRUE(body_of(*job).size() <= 200 || job->actions.size() == 1);
    EXPECT_LE(job->actions.size(), 3u);
    jobs.push_back(job);
  }
  std::size_t total = 0;
  for (const std::size_t size : sizes) total += size;
  EXPECT_EQ(total, 8u);
}

TEST_F(JobQueueTest, SizesThatWereRefusedAreAvoided) {
  JobQueue queue = make();
  queue.learn_too_large(1000);
  queue.add(delivery(std::vector<std::string>(100, "x")), t0_);
  while (Job* const job = queue.next(t0_)) {
    EXPECT_LE(body_of(*job).size(), 800u);
    queue.answered(*job, std::vector<ItemAnswer>(job->actions.size(), items({201})[0]), t0_);
  }
  EXPECT_EQ(ledger().delivered, 100u);
}

TEST_F(JobQueueTest, ActionsOnOneDocumentWaitForEarlierOnes) {
  with_ids(ActionKind::index);
  JobQueue queue = make();
  queue.add(delivery({"a", "b"}), t0_);
  Job* const first = queue.next(t0_);
  queue.add(delivery({"a", "c"}), t0_);
  Job* const second = queue.next(t0_);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->actions.size(), 1u);  // c alone
  EXPECT_EQ(queue.next(t0_), nullptr);
  queue.answered(*second, items({201}), t0_);
  EXPECT_EQ(queue.next(t0_), nullptr);
  queue.answered(*first, items({429, 201}), t0_);  // a must be tried again first
  Job* const again = queue.next(t0_ + milliseconds(1000));
  ASSERT_TRUE(again);
  EXPECT_EQ(again, first);
  EXPECT_EQ(queue.next(t0_ + milliseconds(1000)), nullptr);
  queue.answered(*again, items({201}), t0_);
  Job* const last = queue.next(t0_);
  ASSERT_TRUE(last);
  queue.answered(*last, items({201}), t0_);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(ledger().delivered, 4u);
}

TEST_F(JobQueueTest, ManyActionsOnOneDocumentGoTogether) {
  with_ids(ActionKind::update);
  JobQueue queue = make();
  queue.add(delivery({"a", "a", "a"}), t0_);
  queue.add(delivery({"a"}), t0_);
  Job* const job = queue.next(t0_);
  EXPECT_EQ(job->actions.size(), 4u);
  queue.answered(*job, items({200, 200, 200, 200}), t0_);
  EXPECT_TRUE(queue.empty());
}

TEST_F(JobQueueTest, ConflictOnOurOwnIdIsDelivered) {
  with_ids(ActionKind::create);
  JobQueue queue = make();
  queue.add(delivery({"a", "b"}), t0_);
  const Tally tally = queue.answered(*queue.next(t0_), items({409, 201}), t0_);
  EXPECT_EQ(tally.absorbed, 1u);
  EXPECT_EQ(ledger().delivered, 2u);
}

TEST_F(JobQueueTest, BrokenConnectionsMakeTheSameRequestSmaller) {
  JobQueue queue = make();
  queue.add(delivery({"a", "b", "c", "d"}), t0_);
  for (int i = 0; i < 3; ++i) {
    Job* const job = queue.next(t0_);
    EXPECT_EQ(job->actions.size(), 4u);
    queue.broken(*job, t0_);
  }
  EXPECT_EQ(queue.next(t0_)->actions.size(), 2u);
  EXPECT_EQ(ledger().settled(), 0u);
}

TEST_F(JobQueueTest, EventsThatAreNoActionsAreDeadLettered) {
  with_ids(ActionKind::index);
  JobQueue queue = make();
  queue.add(delivery({"a", "", "c"}), t0_);
  queue.add(delivery({""}), t0_);
  EXPECT_EQ(letters_, (std::vector<std::string>{"1 id_unresolved", "0 id_unresolved"}));
  Job* const job = queue.next(t0_);
  EXPECT_EQ(job->actions.size(), 2u);
  queue.answered(*job, items({201, 201}), t0_);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(ledger().dead_lettered, 2u);
  EXPECT_EQ(ledger().delivered, 2u);
  EXPECT_EQ(listener_.last, 2u);
}

TEST_F(JobQueueTest, WithoutRoomForDeadLettersRefusedEventsWait) {
  with_ids(ActionKind::index);
  room_ = 0;
  JobQueue queue = make();
  queue.add(delivery({"a", "", "c"}), t0_);
  Job* job = queue.next(t0_);
  EXPECT_EQ(queue.answered(*job, items({400, 201}), t0_).not_kept, 1u);
  EXPECT_EQ(ledger().settled(), 1u);
  EXPECT_FALSE(queue.empty());
  room_ = 10;
  const auto later = t0_ + std::chrono::seconds(5);
  job = queue.next(later);
  ASSERT_TRUE(job);
  queue.answered(*job, items({400}), later);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(ledger().dead_lettered, 2u);
}

TEST_F(JobQueueTest, WhateverHappensEveryEventIsSettledOnce) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    settings_.document_id.reset();
    if (seed % 2) with_ids(seed % 4 == 1 ? ActionKind::index : ActionKind::create);
    JobQueue queue =
        make({.target_bytes = 300 + random() % 3000, .most_actions = 1 + random() % 40});
    const std::uint64_t before = ledger().settled();
    std::uint64_t sent = 0;
    auto now = t0_;
    std::vector<Job*> flying;
    int to_come = 30;
    for (int turns = 0; to_come > 0 || !queue.empty(); ++turns) {
      ASSERT_LT(turns, 100'000) << seed;
      room_ = chance(80) ? 1000 : random() % 3;
      if (to_come > 0 && chance(30)) {
        --to_come;
        std::vector<std::string> ids(1 + random() % 20);
        for (std::string& id : ids) id = chance(5) ? "" : "n" + std::to_string(random() % 50);
        sent += ids.size();
        queue.add(delivery(ids), now);
      }
      if (flying.size() < 4)
        if (Job* const job = queue.next(now)) flying.push_back(job);
      now += milliseconds(random() % 400);
      if (flying.empty() || chance(30)) continue;
      const std::size_t at = random() % flying.size();
      Job& job = *flying[at];
      flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(at));
      ASSERT_EQ(lines(job), 2 * job.actions.size());
      if (chance(10)) {
        queue.put_back(job, now);
      } else if (chance(10)) {
        queue.broken(job, now);
      } else if (chance(10)) {
        queue.halve(job, items({chance(50) ? 413 : 400})[0], now);
      } else {
        std::vector<ItemAnswer> answer;
        for (std::size_t i = 0; i < job.actions.size(); ++i)
          answer.push_back(items({chance(60)   ? 201
                                  : chance(50) ? 429
                                  : chance(50) ? 400
                                  : chance(50) ? 409
                                               : 0})[0]);
        queue.answered(job, answer, now);
      }
    }
    EXPECT_EQ(ledger().settled() - before, sent) << seed;
    EXPECT_EQ(listener_.last, opened_) << seed;
  }
  EXPECT_EQ(pipeline_.snapshot().in_flight(), 0u);
}

TEST(Backoff, GrowsToItsLimitAndIsRandom) {
  const Backoff backoff{milliseconds(100), milliseconds(1000)};
  std::mt19937_64 random(1);
  milliseconds most{0};
  for (int i = 0; i < 200; ++i) {
    EXPECT_LE(backoff.pause(0, random), milliseconds(100));
    most = std::max(most, backoff.pause(1000, random));
  }
  EXPECT_LE(most, milliseconds(1000));
  EXPECT_GT(most, milliseconds(900));
}

}  // namespace
}  // namespace millrace::elasticsearch
