#include "plugins/support/kafka/admin.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "plugins/support/kafka/producer.h"

namespace millrace::kafka {
namespace {

/// With a real broker at MILLRACE_TEST_KAFKA, which tests/integration/kafka_admin.py starts;
/// skipped without.
class KafkaAdmin : public testing::Test {
 protected:
  void SetUp() override {
    const char* brokers = std::getenv("MILLRACE_TEST_KAFKA");
    if (!brokers) GTEST_SKIP() << "no broker at MILLRACE_TEST_KAFKA";
    properties_.set("bootstrap.servers", brokers, "bootstrap_servers");
    auto admin = Admin::create(properties_, "test");
    ASSERT_TRUE(admin) << admin.error().message;
    admin_ = std::move(*admin);
    topic_ =
        testing::UnitTest::GetInstance()->current_test_info()->name() + std::to_string(getpid());
  }

  void create(std::int32_t partitions, TopicSettings settings = {}) {
    const auto made = admin_->create_topic({topic_, partitions, -1, std::move(settings)});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(*made, Created::yes);
    // The broker that is asked next may hear of it later than the controller.
    while (!admin_->partition_count(topic_)) continue;
  }

  void produce(std::int32_t partition, std::int64_t timestamp_ms) {
    auto producer = Producer::create(properties_, "test");
    ASSERT_TRUE(producer);
    int code = 0;
    ProducerRecord record{topic_, partition};
    record.value = "v";
    record.timestamp_ms = timestamp_ms;
    ASSERT_EQ((*producer)->produce(record, code), Taken::yes);
    std::vector<DeliveryReport> reports;
    while (reports.empty()) (*producer)->poll(std::chrono::milliseconds{100}, reports);
    ASSERT_EQ(reports[0].code, 0);
  }

  std::optional<std::string> setting(std::string_view name, bool of_topic) {
    const auto settings = admin_->topic_settings(topic_);
    EXPECT_TRUE(settings) << settings.error().message;
    for (const TopicSetting& one : *settings)
      if (one.name == name && one.of_topic == of_topic) return one.value;
    return std::nullopt;
  }

  /// Asked again until it is so: a broker confirms a change before it can be read.
  bool becomes(std::string_view name, std::string_view value) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (setting(name, true) != value)
      if (std::chrono::steady_clock::now() > deadline) return false;
    return true;
  }

  GroupState state(const std::string& group) {
    auto state = admin_->group_state(group);
    // A new cluster has no coordinator until the first group is asked for.
    while (!state && may_pass(state.error().code)) state = admin_->group_state(group);
    EXPECT_TRUE(state) << state.error().message;
    return state ? *state : GroupState::active;
  }

  Properties properties_;
  std::unique_ptr<Admin> admin_;
  std::string topic_;
};

TEST_F(KafkaAdmin, TopicsAreMadeAndGrown) {
  create(2);
  EXPECT_EQ(*admin_->create_topic({topic_, 2}), Created::was_there);
  EXPECT_EQ(*admin_->partition_count(topic_), 2);
  ASSERT_TRUE(admin_->grow_topic(topic_, 3));
  const auto again = admin_->grow_topic(topic_, 3);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::invalid) << again.error().message;
}

TEST_F(KafkaAdmin, TheLayoutNamesTheClusterAndItsTopicsInOrder) {
  create(2);
  const auto layout = admin_->layout();
  ASSERT_TRUE(layout) << layout.error().message;
  EXPECT_EQ(layout->id.size(), 22u);
  EXPECT_EQ(layout->brokers, 1);
  EXPECT_TRUE(std::is_sorted(layout->topics.begin(), layout->topics.end(),
                             [](auto& a, auto& b) { return a.name < b.name; }));
}

TEST_F(KafkaAdmin, SettingsOfATopicAreReplacedAsAWhole) {
  create(1, {{"retention.ms", "1000000"}, {"cleanup.policy", "compact"}});
  EXPECT_EQ(setting("retention.ms", true), "1000000");
  EXPECT_EQ(setting("segment.bytes", true), std::nullopt);
  ASSERT_TRUE(admin_->replace_topic_settings(topic_, {{"retention.ms", "2000000"}}));
  EXPECT_TRUE(becomes("retention.ms", "2000000"));
  EXPECT_EQ(setting("cleanup.policy", false), "delete");
  const auto wrong = admin_->replace_topic_settings(topic_, {{"retention.ms", "soon"}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::invalid);
  EXPECT_NE(wrong.error().message.find("soon"), std::string::npos) << wrong.error().message;
}

TEST_F(KafkaAdmin, OffsetsByPlaceAndTime) {
  create(2);
  produce(0, 1'000);
  produce(0, 2'000);
  produce(0, 3'000);
  const std::vector<TopicPartition> both{{topic_, 1}, {topic_, 0}};
  EXPECT_EQ(*admin_->begins(both), (std::vector<std::int64_t>{0, 0}));
  EXPECT_EQ(*admin_->ends(both), (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(*admin_->offsets_at(both, 1'500), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(*admin_->offsets_at(both, 9'000), (std::vector<std::int64_t>{0, 3}));
}

TEST_F(KafkaAdmin, OffsetsOfATopicThatIsNotThereAreNotFound) {
  const std::vector<TopicPartition> absent{{topic_, 0}};
  const auto ends = admin_->ends(absent);
  ASSERT_FALSE(ends);
  EXPECT_EQ(ends.error().code, Errc::not_found) << ends.error().message;
}

TEST_F(KafkaAdmin, OffsetsOfAGroupAreSetAndRead) {
  create(2);
  const std::string group = "group of " + topic_;
  EXPECT_EQ(state(group), GroupState::unknown);
  const auto none = admin_->group_offsets(group);
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_TRUE(none->empty());
  const std::vector<NextOffset> offsets{{{topic_, 1}, 7}};
  const auto set = admin_->set_group_offsets(group, offsets);
  ASSERT_TRUE(set) << set.error().message;
  const auto read = admin_->group_offsets(group);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().partition, (TopicPartition{topic_, 1}));
  EXPECT_EQ(read->front().offset, 7);
  EXPECT_EQ(state(group), GroupState::empty);
  const auto groups = admin_->groups();
  ASSERT_TRUE(groups) << groups.error().message;
  EXPECT_TRUE(std::binary_search(groups->begin(), groups->end(), group));
}

TEST(KafkaAdminAlone, SaysWhyNobodyAnswers) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "librdkafka makes its threads with thrd_create, which TSan does not know";
#endif
  Properties properties;
  properties.set("bootstrap.servers", "127.0.0.1:1", "bootstrap_servers");
  auto admin = Admin::create(properties, "test", std::chrono::milliseconds{300});
  ASSERT_TRUE(admin);
  const auto layout = (*admin)->layout();
  ASSERT_FALSE(layout);
  EXPECT_TRUE(may_pass(layout.error().code));
  EXPECT_NE(layout.error().message.find("127.0.0.1:1"), std::string::npos);
  EXPECT_NE(layout.error().message.find("refused"), std::string::npos) << layout.error().message;
}

}  // namespace
}  // namespace millrace::kafka
