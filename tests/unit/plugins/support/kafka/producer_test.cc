#include "plugins/support/kafka/producer.h"

#include <gtest/gtest.h>
// The mock's header needs the library's before it.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <map>

#include "plugins/support/kafka/handles.h"

namespace millrace::kafka {
namespace {

constexpr int kProduce = 0;  // https://kafka.apache.org/protocol#protocol_api_keys
constexpr const char* kTopic = "topic";

/// A broker of the library's own within the process: it stores what it is sent, and answers errors
/// where it is told to.
class KafkaProducer : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "librdkafka makes its threads with thrd_create, which TSan does not know";
#endif
    auto client = make_client(RD_KAFKA_PRODUCER, ConfHandle(rd_kafka_conf_new()));
    ASSERT_TRUE(client) << client.error().message;
    client_ = *client;
    cluster_ = rd_kafka_mock_cluster_new(client_, 1);
    rd_kafka_mock_topic_create(cluster_, kTopic, 1, 1);
    rd_kafka_mock_broker_set_rtt(cluster_, -1, 50);  // so that two requests are under way at once
    Properties properties;
    properties.set("bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_), "test");
    properties.set("enable.idempotence", "true", "test");
    properties.set("linger.ms", "0", "test");
    properties.set("batch.num.messages", "1", "test");
    auto producer = Producer::create(properties, "test");
    ASSERT_TRUE(producer) << producer.error().message;
    producer_ = std::move(*producer);
  }

  void TearDown() override {
    if (!client_) return;
    producer_.reset();
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }

  void produce(std::span<const std::string> values) {
    for (const std::string& value : values) {
      ProducerRecord record{kTopic, 0};
      record.value = value;
      record.tag = const_cast<std::string*>(&value);
      int code = 0;
      ASSERT_EQ(producer_->produce(record, code), Taken::yes) << code;
    }
  }

  std::vector<DeliveryReport> reports(std::size_t count) {
    std::vector<DeliveryReport> out;
    while (out.size() < count) producer_->poll(std::chrono::milliseconds(100), out);
    return out;
  }

  rd_kafka_t* client_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  std::unique_ptr<Producer> producer_;
};

TEST_F(KafkaProducer, ARecordThatTheBrokerRefusedIsNotDeliveredBecauseALaterOneWas) {
  rd_kafka_mock_push_request_errors(cluster_, kProduce, 1,
                                    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  const std::array<std::string, 3> values{"refused", "second", "third"};
  produce(values);
  std::map<std::string, DeliveryReport> by_value;
  for (const DeliveryReport& report : reports(values.size()))
    by_value[*static_cast<std::string*>(report.tag)] = report;
  EXPECT_EQ(by_value["refused"].code, RD_KAFKA_RESP_ERR__NO_OFFSET);
  EXPECT_EQ(by_value["second"].code, 0);
  EXPECT_EQ(by_value["second"].offset, 0) << "it is the first one that the broker has";
  EXPECT_EQ(by_value["third"].offset, 1);
}

}  // namespace
}  // namespace millrace::kafka
