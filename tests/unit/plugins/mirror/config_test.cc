#include "plugins/mirror/config.h"

#include <gtest/gtest.h>

namespace millrace::mirror {
namespace {

constexpr const char* kGood = R"(
flow: orders
source: { alias: east, bootstrap_servers: "kafka-east:9092" }
target: { alias: west, bootstrap_servers: "kafka-west:9092" }
topics: [orders]
)";

struct Read {
  std::optional<FlowSettings> flow;
  std::string said;
};

Read read(const std::string& text) {
  config::SourceSet sources;
  config::Diagnostics diagnostics;
  const PipelineInfo info;
  Read out;
  out.flow = read_flow(sources.add("flow.yaml", text), sources, info, diagnostics);
  out.said = diagnostics.render(sources, false);
  return out;
}

TEST(MirrorConfig, AFlowNeedsANameTwoClustersAndTopics) {
  const Read got = read(kGood);
  ASSERT_TRUE(got.flow) << got.said;
  EXPECT_EQ(got.flow->source_alias, "east");
  EXPECT_EQ(got.flow->positions_topic(), "millrace-mirror-offsets.orders.internal");
  EXPECT_EQ(got.flow->transactional_id(1), "millrace-orders-1");
  EXPECT_FALSE(got.flow->exactly_once());
  EXPECT_FALSE(got.flow->marks_hops());
  EXPECT_EQ(got.flow->source.find("isolation.level")->value, "read_committed");
  EXPECT_EQ(got.flow->target_producer.find("enable.idempotence")->value, "true");
  EXPECT_EQ(got.flow->target.find("enable.idempotence"), nullptr);
}

TEST(MirrorConfig, NamesThatSayNothingCarryTheHeader) {
  EXPECT_TRUE(read(std::string(kGood) + "names: identity\n").flow->marks_hops());
  EXPECT_TRUE(read(std::string(kGood) + "provenance: true\n").flow->marks_hops());
}

TEST(MirrorConfig, MemoryDecidesHowMuchIsAskedForOfAPartitionAtOnce) {
  const auto fetch = [](const std::string& more) {
    return read(kGood + more).flow->source.find("fetch.message.max.bytes")->value;
  };
  EXPECT_EQ(fetch(""), "65536");
  EXPECT_EQ(fetch("memory: 64mib\n"), "262144");
  EXPECT_EQ(fetch("memory: 256mib\n"), "1048576");
  EXPECT_EQ(fetch("memory: 8mib\n"), "65536");
  EXPECT_EQ(fetch("memory: 64gib\n"), "4194304");
}

TEST(MirrorConfig, SmallRecordsAreCountedForWhatTheyTake) {
  const auto queued = [](const std::string& more) {
    return read(kGood + more).flow->source.find("queued.min.messages")->value;
  };
  EXPECT_EQ(queued("memory: 16mib\n"), "20971");
  EXPECT_EQ(queued("memory: 64gib\n"), "10000000");
}

struct Refusal {
  const char* added;
  const char* said;
};

TEST(MirrorConfig, WhatIsWrongIsSaidAtItsPlace) {
  const Refusal refusals[] = {
      {"mode: twice\n", "flow.yaml:6:7"},
      {"topic: x\n", "topics"},
      {"names: identity\nprovenance: false\n", "round in circles"},
      {"topic_map: { a: b }\n", "names: map"},
      {"start: timestamp\n", "start_timestamp_ms"},
      {"shards: 0\n", "shards"},
      {"memory: 1 kb\n", "2 MiB for each shard"},
      {"on_poison: dead_letter\n", "flow.yaml:6:12: error: mirror: on_poison: `dead_letter_path`"},
      {"dead_letter_path: /d\n", "`on_poison: dead_letter`"},
      {"recreate_target: true\n", "flow.yaml:6:1: error: mirror: option `recreate_target` is not"},
      {"recreate_target: true\n", "on_recreated: restart_from_beginning"},
      {"on_recreated: recreate_target\n", "restart_from_beginning"},
      {"gap_records: true\n", "on_purged"},
      {"use_defaults_from: source\ntopic_settings: off\n", "copies nothing"},
  };
  for (const Refusal& refusal : refusals) {
    const Read got = read(std::string(kGood) + refusal.added);
    EXPECT_FALSE(got.flow) << refusal.added;
    EXPECT_NE(got.said.find(refusal.said), std::string::npos) << refusal.added << got.said;
  }
}

TEST(MirrorConfig, WhatWouldBreakThePromiseIsRefusedByItsName) {
  const Read got = read(R"(
flow: orders
source:
  alias: east
  client_options: { "isolation.level": read_uncommitted }
target: { alias: we.st, client_options: { "acks": 1 } }
topics: [orders]
)");
  EXPECT_FALSE(got.flow);
  for (const char* said : {"`isolation.level`: records of transactions", "`acks`: only what",
                           "contains the separator"})
    EXPECT_NE(got.said.find(said), std::string::npos) << got.said;
}

TEST(MirrorConfig, AFileThatIsNoMapIsNoFlow) {
  EXPECT_FALSE(read("- a\n").flow);
  EXPECT_FALSE(read("").flow);
  EXPECT_NE(read("just text").said.find("a flow needs"), std::string::npos);
}

}  // namespace
}  // namespace millrace::mirror
