#include "plugins/mirror/form.h"

#include <gtest/gtest.h>

#include "pipeline/config/load.h"

namespace millrace::mirror {
namespace {

struct Read {
  bool is_form = false;
  bool is_made = false;
  std::optional<FlowSettings> flow;
  std::string said;
};

/// The inside of the kafka input, that of the kafka output, and what else is there.
Read read(const std::string& input, const std::string& output, const std::string& more = "") {
  auto loaded = config::load_string(
      "input { kafka { " + input + " } } " + more + " output { kafka { " + output + " } }", "test",
      {});
  EXPECT_FALSE(loaded.diagnostics.has_errors()) << loaded.diagnostics.render(loaded.sources, false);
  const PipelineInfo info;
  const Registry none;
  Read out;
  const auto made = mirror_form().make(loaded.config, {none, info, loaded.diagnostics});
  out.is_form = made.has_value();
  out.is_made = made && *made;
  out.said = loaded.diagnostics.render(loaded.sources, false);
  config::Diagnostics ignored;
  if (out.is_made)
    out.flow = read_form(*loaded.config.sections.front().statements.front().plugin(),
                         *loaded.config.sections.back().statements.front().plugin(), info, ignored);
  return out;
}

constexpr const char* kInput = R"(bootstrap_servers => "east:9092" topics => ["a.b"])";
constexpr const char* kOutput = R"(bootstrap_servers => "west:9092" mirror => true
    mirror_options => { "source_alias" => "east" "target_alias" => "west" })";

TEST(MirrorForm, InputAndOutputAreSourceAndTarget) {
  const Read got = read(std::string(kInput) + R"( auto_offset_reset => "none")",
                        std::string(kOutput) + R"( linger_ms => 70 compression_type => "lz4")");
  ASSERT_TRUE(got.flow) << got.said;
  EXPECT_EQ(got.flow->options.flow, "main") << "called after its pipeline";
  EXPECT_EQ(got.flow->source_alias, "east");
  EXPECT_EQ(got.flow->target_alias, "west");
  EXPECT_EQ(got.flow->source.find("bootstrap.servers")->value, "east:9092");
  EXPECT_EQ(got.flow->target.find("bootstrap.servers")->value, "west:9092");
  EXPECT_EQ(got.flow->options.linger, std::chrono::milliseconds(70));
  EXPECT_EQ(got.flow->options.compression_type, "lz4");
  EXPECT_EQ(got.flow->options.start, Start::error);
  EXPECT_EQ(got.flow->options.topics, std::vector<std::string>{R"(a\.b)"});
}

TEST(MirrorForm, OtherConfigurationsAreOrdinaryPipelines) {
  EXPECT_FALSE(read(kInput, R"(topic_id => "t")").is_form);
  EXPECT_FALSE(read(kInput, R"(topic_id => "t" mirror => false)").is_form);
  EXPECT_FALSE(read(kInput, kOutput, "filter { drop { } }").is_form);
  EXPECT_FALSE(read(kInput, kOutput, "input { stdin { } }").is_form);
  EXPECT_FALSE(read(kInput, kOutput, "output { if [a] { stdout { } } }").is_form);
}

struct Refusal {
  std::string input, output, said;
};

TEST(MirrorForm, WhatAMirrorHasNoUseForIsRefusedAtItsPlace) {
  const Refusal refusals[] = {
      {std::string(kInput) + R"( codec => "json")", kOutput, "kafka: codec: a mirror has no use"},
      {std::string(kInput) + R"( group_id => "g")", kOutput,
       "kafka: group_id: a mirror has no use"},
      {kInput, std::string(kOutput) + R"( topic_id => "t")",
       "kafka: topic_id: a mirror has no use"},
      {kInput, std::string(kOutput) + R"( acks => "1")", "kafka: acks: a mirror has no use"},
      {R"(bootstrap_servers => "east:9092")", kOutput, "topics: is not given"},
      {kInput, R"(mirror => true)", "alias"},
      {kInput, R"(mirror => true mirror_options => { "topics" => "x" })", "`topics` is for files"},
      {kInput, R"(mirror => true mirror_options => { "source_alias" => "e" "target_alias" => "w"
          "shard" => 2 })",
       "shards"},
  };
  for (const Refusal& refusal : refusals) {
    const Read got = read(refusal.input, refusal.output);
    EXPECT_TRUE(got.is_form) << refusal.said;
    EXPECT_FALSE(got.is_made) << refusal.said;
    EXPECT_NE(got.said.find(refusal.said), std::string::npos) << got.said;
  }
}

}  // namespace
}  // namespace millrace::mirror
