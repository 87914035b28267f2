#include "plugins/mirror/topic_settings.h"

#include <gtest/gtest.h>

namespace millrace::mirror {
namespace {

kafka::TopicSetting set(std::string name, std::string value) {
  return {std::move(name), std::move(value), true, false, false};
}

TEST(MirrorTopicSettings, WhatWasSetForTheTopicIsCopiedAndNothingElse) {
  std::vector<kafka::TopicSetting> source{
      set("retention.ms", "1000"),
      set("cleanup.policy", "compact"),
      set("min.insync.replicas", "2"),
      set("message.timestamp.type", "LogAppendTime"),
      set("message.timestamp.before.max.ms", "5"),
      set("leader.replication.throttled.replicas", "*"),
      set("unclean.leader.election.enable", "true"),
      set("remote.storage.enable", "true"),
      set("local.retention.ms", "5"),
      set("segment.bytes", "7"),
  };
  source.push_back({"max.message.bytes", "9", false, false, false});  // the broker's default
  source.push_back({"compression.type", "zstd", true, true, false});
  source.push_back({"secret", std::nullopt, true, false, true});
  FlowSettings flow;
  flow.options.exclude_topic_settings = {"segment.bytes"};
  EXPECT_EQ(settings_to_copy(source, flow),
            (kafka::TopicSettings{{"cleanup.policy", "compact"}, {"retention.ms", "1000"}}));
}

TEST(MirrorTopicSettings, DefaultsOfTheSourceAreCopiedOnRequest) {
  std::vector<kafka::TopicSetting> source{
      set("cleanup.policy", "compact"), set("segment.bytes", "7"),
      set("min.insync.replicas", "2"),  set("message.format.version", "3.0-IV1"),
      set("retention.ms", "1000"),      set("index.interval.bytes", "9"),
  };
  for (std::size_t i = 1; i < source.size(); ++i) source[i].of_topic = false;
  source.push_back({"compression.gzip.level", std::nullopt, false, false, false});
  FlowSettings flow;
  flow.options.use_defaults_from = DefaultsFrom::source;
  flow.options.exclude_topic_settings = {"index.interval.bytes"};
  EXPECT_EQ(settings_to_copy(source, flow),
            (kafka::TopicSettings{
                {"cleanup.policy", "compact"}, {"retention.ms", "1000"}, {"segment.bytes", "7"}}));
}

TEST(MirrorTopicSettings, TheTargetKeepsAtLeastSoLong) {
  FlowSettings flow;
  flow.options.least_retention = std::chrono::hours(1);
  const auto kept = [&](const char* source) {
    return settings_to_copy({set("retention.ms", source)}, flow).front().second;
  };
  EXPECT_EQ(kept("1000"), "3600000");
  EXPECT_EQ(kept("3600001"), "3600001");
  EXPECT_EQ(kept("-1"), "-1") << "for ever";
}

TEST(MirrorTopicSettings, RecordsThatGetHeadersMayBeLarger) {
  FlowSettings flow;
  EXPECT_EQ(settings_to_copy({set("max.message.bytes", "1000")}, flow).front().second, "1000");
  flow.options.names = Naming::identity;
  EXPECT_EQ(settings_to_copy({set("max.message.bytes", "1000")}, flow).front().second, "2024");
  EXPECT_EQ(settings_to_copy({set("max.message.bytes", "2147483647")}, flow).front().second,
            "2147483647");
}

TEST(MirrorTopicSettings, OnlyWhatTheMirrorHasSetIsRemoved) {
  const std::vector<kafka::TopicSetting> target{set("a", "1"), set("b", "2"), set("c", "3")};
  const auto change = change_of(target, {{"b", "5"}, {"d", "4"}}, {"a", "b"});
  EXPECT_TRUE(change.differs);
  EXPECT_EQ(change.all, (kafka::TopicSettings{{"b", "5"}, {"c", "3"}, {"d", "4"}}));
  EXPECT_FALSE(change_of(target, {{"b", "2"}}, {"b"}).differs);
}

TEST(MirrorTopicSettings, TheRecordOfNamesIsReadAsItWasWritten) {
  for (const std::set<std::string>& names :
       {std::set<std::string>{}, {"retention.ms"}, {"cleanup.policy", "retention.ms"}})
    EXPECT_EQ(*decode_names(encode_names(names)), names);
  for (const char* wrong : {"", "v=2 a", "v=1a", "v=1  a", "v=1 a "})
    EXPECT_FALSE(decode_names(wrong)) << wrong;
}

}  // namespace
}  // namespace millrace::mirror
