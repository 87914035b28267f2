#include "plugins/outputs/kafka/shipments.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "pipeline/plugin/dead_lettering.h"
#include "plugins/outputs/kafka/decide.h"
#include "tests/unit/support/plugin_harness.h"

namespace millrace::kafka::out {
namespace {

using std::chrono::milliseconds;

/// Encodes the field `value`.
class ValueEncoder : public Encoder {
 public:
  void encode(const ConstEvent& event, Buffer& out) const override {
    Template::parse("%{value}").value().append(event, out);
  }
};

/// Shipments with a broker that the test plays.
class ShipmentsTest : public testing::Test {
 protected:
  ShipmentsTest()
      : encoder_({Template::parse("%{topic}").value(),
                  std::nullopt,
                  {},
                  std::make_shared<ValueEncoder>(),
                  100}) {}

  /// One event for each "topic value".
  void add(const std::vector<std::pair<std::string, std::string>>& events) {
    auto batch = Batch::make();
    Selection all;
    for (const auto& [topic, value] : events)
      all.push_back(
          add_event(*batch, R"({"topic":")" + topic + R"(","value":")" + value + "\"}").at());
    Receipt* const receipt = receipts_.open({0, ++opened_}, batch->size());
    for (const std::uint32_t at : all) batch->set_receipt(at, receipt);
    pipeline_.came_in(all.size());
    const auto size = static_cast<std::uint32_t>(all.size());
    auto parcel = encoder_.encode(*batch, all);
    auto deliveries =
        Dispatch::split(std::move(batch), size, {std::move(all)}, {&output_}, pipeline_);
    deliveries.at(0).parcel = std::move(parcel);
    shipments_.add(std::move(deliveries.at(0)), 1);
  }

  static std::string value_of(const Ticket& ticket) {
    return std::string(ticket.shipment->parcel().view(ticket.record().value));
  }

  /// Takes what is to be sent now, in order.
  std::vector<Ticket*> send() {
    std::vector<Ticket*> sent;
    while (Ticket* const ticket = shipments_.next(now_)) {
      shipments_.sent(*ticket);
      sent.push_back(ticket);
    }
    return sent;
  }

  static std::string text(const std::vector<Ticket*>& tickets) {
    std::string out;
    for (const Ticket* ticket : tickets) out += value_of(*ticket) + " ";
    return out;
  }

  std::size_t settle(std::size_t room = 1000) {
    return shipments_.settle([&](Delivery& delivery, std::span<const Ticket* const> tickets) {
      std::vector<std::uint32_t> events;
      for (const Ticket* ticket : tickets.first(std::min(room, tickets.size()))) {
        events.push_back(ticket->record().event);
        letters_ += value_of(*ticket) + " ";
      }
      delivery.settle(events, Verdict::dead_lettered);
      return events.size();
    });
  }

  struct : Acknowledged {
    void acknowledged(SourcePosition position) noexcept override { at = position.position; }
    std::uint64_t at = 0;
  } acknowledged_;
  Receipts receipts_{acknowledged_};
  LedgerCounters pipeline_, output_;
  std::uint64_t opened_ = 0;
  const RecordEncoder encoder_;
  Shipments shipments_;
  Clock::time_point now_{};
  std::string letters_;
};

TEST_F(ShipmentsTest, ADeliveryIsSettledWhenItsLastRecordIsReported) {
  add({{"a", "1"}, {"b", "2"}});
  const auto sent = send();
  EXPECT_EQ(text(sent), "1 2 ");
  shipments_.delivered(*sent[1]);
  EXPECT_EQ(settle(), 0u);
  EXPECT_EQ(acknowledged_.at, 0u);
  shipments_.delivered(*sent[0]);
  EXPECT_EQ(settle(), 1u);
  EXPECT_EQ(acknowledged_.at, 1u);
  EXPECT_EQ(pipeline_.snapshot().delivered, 2u);
  EXPECT_TRUE(shipments_.empty());
}

TEST_F(ShipmentsTest, WhatComesBackGoesOutInOrderAheadOfWhatIsNewer) {
  add({{"a", "1"}, {"a", "2"}, {"b", "x"}});
  const auto sent = send();
  shipments_.put_back(*sent[1], now_);
  shipments_.put_back(*sent[0], now_);
  shipments_.delivered(*sent[2]);
  add({{"a", "3"}, {"b", "y"}});
  EXPECT_EQ(text(send()), "y ");
  ASSERT_TRUE(shipments_.due());
  now_ = *shipments_.due();
  EXPECT_EQ(text(send()), "1 2 3 ");
}

TEST_F(ShipmentsTest, PausesGrowToTheirLimit) {
  add({{"a", "1"}});
  milliseconds last{0};
  for (int i = 0; i < 12; ++i) {
    const auto sent = send();
    ASSERT_EQ(sent.size(), 1u);
    shipments_.put_back(*sent[0], now_);
    const auto pause = std::chrono::duration_cast<milliseconds>(*shipments_.due() - now_);
    EXPECT_GE(pause, last);
    EXPECT_LE(pause, Shipments::kLongestPause);
    last = pause;
    now_ = *shipments_.due();
  }
  EXPECT_EQ(last, Shipments::kLongestPause);
}

TEST_F(ShipmentsTest, TheRecordAtFaultIsFoundAmongThoseOfItsBatch) {
  std::vector<std::pair<std::string, std::string>> events;
  for (int n = 0; n < 1000; ++n) events.emplace_back("a", std::to_string(n));
  add(events);
  std::string arrived, expected;
  for (int n = 0; n < 1000; ++n)
    if (n != 321) expected += std::to_string(n) + " ";
  int rounds = 0;
  for (auto sent = send(); !sent.empty() && rounds < 200; sent = send(), ++rounds) {
    bool bad = false;
    for (const Ticket* ticket : sent) bad = bad || value_of(*ticket) == "321";
    if (!bad) arrived += text(sent);
    for (Ticket* ticket : sent) {
      if (bad)
        shipments_.refused_with_others(*ticket, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
      else
        shipments_.delivered(*ticket);
    }
  }
  EXPECT_EQ(arrived, expected);
  EXPECT_EQ(settle(), 1u);
  EXPECT_EQ(letters_, "321 ");
  EXPECT_EQ(pipeline_.snapshot().delivered, 999u);
}

TEST_F(ShipmentsTest, RefusedOnesWaitForRoomAmongTheDeadLetters) {
  add({{"a", std::string(200, 'x')}, {"no good", "2"}, {"a", "3"}});
  const auto sent = send();
  EXPECT_EQ(text(sent), "3 ");
  shipments_.delivered(*sent[0]);
  EXPECT_EQ(settle(1), 0u);
  EXPECT_EQ(acknowledged_.at, 0u);
  EXPECT_EQ(settle(), 1u);
  EXPECT_EQ(pipeline_.snapshot().dead_lettered, 2u);
  EXPECT_EQ(pipeline_.snapshot().delivered, 1u);
}

TEST_F(ShipmentsTest, ANewProducerSendsAgainWhatHadNoReport) {
  add({{"a", "1"}, {"a", "2"}, {"a", "3"}});
  const auto sent = send();
  shipments_.delivered(*sent[0]);
  shipments_.put_back_flying();
  EXPECT_EQ(text(send()), "2 3 ");
}

TEST_F(ShipmentsTest, WhatIsLetGoIsNotDelivered) {
  add({{"a", "1"}, {"a", "2"}});
  const auto sent = send();
  shipments_.delivered(*sent[0]);
  shipments_.let_go();
  EXPECT_EQ(pipeline_.snapshot().delivered, 1u);
  EXPECT_EQ(pipeline_.snapshot().in_flight(), 1u);
  EXPECT_EQ(acknowledged_.at, 0u);
}

TEST(KafkaFates, AreThoseOfTheTable) {
  EXPECT_EQ(decide(RD_KAFKA_RESP_ERR_NO_ERROR, true), Fate::delivered);
  EXPECT_EQ(decide(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, true), Fate::alone);
  EXPECT_EQ(decide(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, true), Fate::act);
  EXPECT_EQ(decide(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, false), Fate::refused);
  EXPECT_EQ(decide(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, true), Fate::act);
}

TEST(KafkaFates, AnUnknownOutcomeIsNeitherDeliveryNorRefusal) {
  for (const int code :
       {int{RD_KAFKA_RESP_ERR__MSG_TIMED_OUT}, int{RD_KAFKA_RESP_ERR__PURGE_INFLIGHT},
        int{RD_KAFKA_RESP_ERR__PURGE_QUEUE}, int{RD_KAFKA_RESP_ERR__FATAL}, 9999})
    EXPECT_EQ(decide(code, true), Fate::again) << code;
}

TEST(KafkaTopicNames, AreKafkasOwn) {
  for (const char* name : {"a", "a.b_c-D9", "..."}) EXPECT_TRUE(is_topic_name(name)) << name;
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a b"), std::string("ä"),
        std::string("a/b"), std::string(250, 'a'), std::string("a\0b", 3)})
    EXPECT_FALSE(is_topic_name(name)) << name;
}

}  // namespace
}  // namespace millrace::kafka::out
