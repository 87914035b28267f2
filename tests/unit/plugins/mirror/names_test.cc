#include "plugins/mirror/names.h"

#include <gtest/gtest.h>

#include "plugins/mirror/config.h"

namespace millrace::mirror {
namespace {

FlowOptions options(std::vector<std::string> topics, Naming naming = Naming::rename) {
  FlowOptions out;
  out.topics = std::move(topics);
  out.names = naming;
  return out;
}

TopicRules rules(const FlowOptions& given) {
  auto made = TopicRules::create(given);
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

std::string target_of(const TopicRules& rules, const std::string& topic) {
  return rules.choose(topic, "east", "west").target;
}

TEST(MirrorNames, ListsNameWholeTopicsAndExclusionWins) {
  const TopicRules made = rules(options({"orders", "logs-.*"}));
  EXPECT_EQ(target_of(made, "orders"), "east.orders");
  EXPECT_EQ(target_of(made, "orders2"), "");
  EXPECT_EQ(target_of(made, "logs-app"), "east.logs-app");
  EXPECT_EQ(target_of(made, "logs-app.internal"), "");
  EXPECT_EQ(target_of(made, "old-logs-app"), "");
}

TEST(MirrorNames, HeartbeatsAreMirroredWhereTheyAreWantedWhateverTheListsSay) {
  FlowOptions given = options({"orders"});
  EXPECT_EQ(target_of(rules(given), kHeartbeatsTopic), "");
  given.heartbeats = true;
  EXPECT_EQ(target_of(rules(given), kHeartbeatsTopic), "east.millrace-mirror-heartbeats");
  EXPECT_EQ(target_of(rules(given), "millrace-mirror-offsets.orders.internal"), "");
  given.names = Naming::map;
  given.topic_map = {{".*", "all"}};
  EXPECT_EQ(target_of(rules(given), kHeartbeatsTopic), kHeartbeatsTopic);
}

TEST(MirrorNames, NoListSelectsInternalTopics) {
  FlowOptions all = options({".*"});
  all.exclude.clear();
  const TopicRules made = rules(all);
  EXPECT_EQ(target_of(made, "__consumer_offsets"), "");
  EXPECT_EQ(target_of(made, "__transaction_state"), "");
  EXPECT_EQ(target_of(made, "millrace-mirror-offsets.a.internal"), "");
  EXPECT_EQ(target_of(made, "east.millrace-mirror-offsets.a.internal"), "");
  EXPECT_EQ(target_of(made, "mine"), "east.mine");
}

TEST(MirrorNames, ATopicThatPassedTheTargetIsBlocked) {
  const TopicRules made = rules(options({".*"}));
  const auto choice = made.choose("north.west.orders", "east", "west");
  EXPECT_EQ(choice.target, "");
  EXPECT_NE(choice.blocked.find("`west`"), std::string::npos);
  // Its own name is no alias, whatever it looks like.
  EXPECT_EQ(target_of(made, "north.west"), "east.north.west");
}

TEST(MirrorNames, TheMapTakesNamesAndExpressions) {
  FlowOptions mapped = options({".*"}, Naming::map);
  mapped.topic_map = {{"orders", "sales"}, {"logs-(.*)", "archive.\\1"}};
  const TopicRules made = rules(mapped);
  EXPECT_EQ(target_of(made, "orders"), "sales");
  EXPECT_EQ(target_of(made, "logs-app"), "archive.app");
  EXPECT_EQ(target_of(made, "other"), "other");
}

TEST(MirrorNames, TopicsThatWouldShareANameAreBothBlocked) {
  FlowOptions mapped = options({".*"}, Naming::map);
  mapped.topic_map = {{"logs-.*", "logs"}};
  const auto selection = rules(mapped).select({"logs-a", "logs-b", "orders"}, "east", "west");
  EXPECT_EQ(selection.targets.size(), 1u);
  EXPECT_TRUE(selection.targets.contains("orders"));
  EXPECT_EQ(selection.blocked.size(), 2u);
  EXPECT_NE(selection.blocked.at("logs-a").find("`logs-b`"), std::string::npos);
}

TEST(MirrorNames, ANameThatNoTopicCanHaveIsBlocked) {
  FlowOptions mapped = options({".*"}, Naming::map);
  mapped.topic_map = {{"a", "not a name"}, {"b", "__consumer_offsets"}};
  const TopicRules made = rules(mapped);
  EXPECT_NE(made.choose("a", "east", "west").blocked, "");
  EXPECT_NE(made.choose("b", "east", "west").blocked, "");
  EXPECT_FALSE(is_topic_name(std::string(250, 'x')));
  EXPECT_FALSE(is_topic_name(".."));
}

TEST(MirrorNames, AWrongExpressionIsNamed) {
  const auto made = TopicRules::create(options({"logs-("}));
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("`logs-(`"), std::string::npos);
}

}  // namespace
}  // namespace millrace::mirror
