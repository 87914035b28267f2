#include "plugins/outputs/elasticsearch/bootstrap.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "pipeline/event/json_read.h"

namespace millrace::elasticsearch {
namespace {

ServerInfo elasticsearch(int major, int minor) {
  return {ServerInfo::Family::elasticsearch, fmt::format("{}.{}.0", major, minor), major, minor};
}

ServerInfo opensearch(int major) {
  return {ServerInfo::Family::opensearch, fmt::format("{}.1.0", major), major, 1};
}

ServerInfo serverless() {
  ServerInfo info = elasticsearch(8, 11);
  info.serverless = true;
  return info;
}

BootstrapSettings with_template() {
  BootstrapSettings settings;
  settings.manage_template = true;
  settings.template_name = "logstash";
  settings.index_pattern = "logstash-*";
  return settings;
}

/// "METHOD path" of each step; what is wrong where there are none.
std::vector<std::string> steps_of(const BootstrapSettings& settings, const ServerInfo& server) {
  const auto steps = bootstrap_steps(settings, server);
  if (!steps) return {steps.error().message};
  std::vector<std::string> texts;
  for (const BootstrapStep& step : *steps) texts.push_back(step.method + " " + step.path);
  return texts;
}

using Texts = std::vector<std::string>;

TEST(BootstrapSteps, EachServerGetsTheKindOfTemplateThatItHas) {
  const Texts composable{"HEAD /_index_template/logstash", "PUT /_index_template/logstash"};
  const Texts legacy{"HEAD /_template/logstash", "PUT /_template/logstash"};
  EXPECT_EQ(steps_of(with_template(), elasticsearch(7, 10)), legacy);
  EXPECT_EQ(steps_of(with_template(), elasticsearch(7, 17)), legacy);
  EXPECT_EQ(steps_of(with_template(), elasticsearch(8, 19)), composable);
  EXPECT_EQ(steps_of(with_template(), elasticsearch(9, 1)), composable);
  EXPECT_EQ(steps_of(with_template(), opensearch(1)), composable);
  EXPECT_EQ(steps_of(with_template(), opensearch(3)), composable);
  EXPECT_EQ(steps_of(with_template(), serverless()), composable);
}

TEST(BootstrapSteps, WhatAServerLacksIsSaid) {
  BootstrapSettings streams;
  streams.data_stream = true;
  EXPECT_NE(steps_of(streams, elasticsearch(7, 8))[0].find("has no data streams"),
            std::string::npos);
  EXPECT_EQ(steps_of(streams, elasticsearch(7, 9)), Texts{});
  BootstrapSettings ilm;
  ilm.ilm = true;
  EXPECT_NE(steps_of(ilm, opensearch(2))[0].find("ISM"), std::string::npos);
  EXPECT_NE(steps_of(ilm, serverless())[0].find("has no index lifecycle"), std::string::npos);
  BootstrapSettings composable = with_template();
  composable.api = BootstrapSettings::Api::composable;
  EXPECT_NE(steps_of(composable, elasticsearch(7, 7))[0].find("`template_api => legacy`"),
            std::string::npos);
}

TEST(BootstrapSteps, APolicyOfTheUsersOwnIsNotMade) {
  BootstrapSettings settings;
  settings.ilm = true;
  settings.ilm_policy = "mine";
  settings.ilm_alias = "web";
  settings.ilm_pattern = "{now/d}-000001";
  EXPECT_EQ(steps_of(settings, elasticsearch(8, 19)),
            (Texts{"GET /_ilm/policy/mine", "HEAD /web", "PUT /%3Cweb-%7Bnow%2Fd%7D-000001%3E"}));
}

TEST(BootstrapTemplates, AreJsonForTheirPatternInEachForm) {
  const Batch::Ptr batch = Batch::make();
  JsonReader reader;
  for (const bool ecs : {false, true})
    for (const bool ilm : {false, true})
      for (const bool composable : {false, true}) {
        BootstrapSettings settings = with_template();
        settings.ecs = ecs;
        settings.ilm = ilm;
        settings.ilm_alias = "a \"quoted\" one";
        const std::string text = default_template(settings, composable, false);
        const auto read = reader.read(batch->arena().copy(text), *batch);
        ASSERT_TRUE(read) << text;
        EXPECT_NE(text.find("number_of_shards"), std::string::npos);
        EXPECT_EQ(text.find("\"logstash-*\"") != std::string::npos, !ilm);
        EXPECT_EQ(text.find("index.lifecycle.rollover_alias") != std::string::npos, ilm);
      }
  EXPECT_EQ(default_template(with_template(), true, true).find("number_of_shards"),
            std::string::npos)
      << "serverless decides itself";
}

TEST(BootstrapJudge, WhatFollowsFromAnAnswer) {
  using Expect = BootstrapStep::Expect;
  const struct {
    Expect expect;
    int status;
    const char* body;
    StepResult result;
  } cases[] = {
      {Expect::is_there, 200, "", StepResult::skip},
      {Expect::is_there, 404, "", StepResult::next},
      {Expect::done, 200, "", StepResult::next},
      {Expect::done, 201, "", StepResult::next},
      {Expect::done, 409, "", StepResult::next},  // another instance was first
      {Expect::done, 400, "resource_already_exists_exception", StepResult::next},
      {Expect::done, 400, "mapper_parsing_exception", StepResult::refused},
      {Expect::must_be, 404, "", StepResult::refused},
      {Expect::must_be, 409, "", StepResult::refused},
      {Expect::done, 403, "", StepResult::no_rights},
      {Expect::done, 401, "", StepResult::again},
      {Expect::done, 429, "", StepResult::again},
      {Expect::done, 503, "", StepResult::again},
      {Expect::done, 307, "", StepResult::again},
  };
  for (const auto& c : cases) {
    BootstrapStep step;
    step.expect = c.expect;
    EXPECT_EQ(judge(step, c.status, c.body), c.result) << c.status << " " << c.body;
  }
}

}  // namespace
}  // namespace millrace::elasticsearch
