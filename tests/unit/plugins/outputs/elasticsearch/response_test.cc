#include "plugins/outputs/elasticsearch/response.h"

#include <gtest/gtest.h>

namespace millrace::elasticsearch {
namespace {

std::vector<Action> sent(std::initializer_list<ActionKind> kinds) {
  std::vector<Action> actions;
  for (const ActionKind kind : kinds) actions.push_back({.kind = kind});
  return actions;
}

// As OpenSearch 2.19 answered, shortened.
constexpr std::string_view kFourItems =
    R"({"took":122,"errors":true,"items":[)"
    R"({"index":{"_index":"t-1","_id":"3","status":400,"error":{"type":"mapper_parsing_exception",)"
    R"("reason":"failed to parse field [response]","caused_by":{"type":"number_format_exception",)"
    R"("reason":"For input string: \"not a number\""}}}},)"
    R"({"create":{"_index":"t-1","_id":"1","status":409,"error":{"type":"version_conflict_engine_exception",)"
    R"("reason":"[1]: version conflict"}}},)"
    R"({"index":{"_index":"t-1","_id":"4","_version":1,"result":"created","status":201}},)"
    R"({"delete":{"_index":"t-1","_id":"nope","result":"not_found","status":404}}]})";

TEST(BulkAnswerReader, ReadsEveryItem) {
  BulkAnswerReader reader;
  const auto actions =
      sent({ActionKind::index, ActionKind::create, ActionKind::index, ActionKind::remove});
  const auto items = reader.read(kFourItems, actions);
  ASSERT_TRUE(items) << items.error().message;
  ASSERT_EQ(items->size(), 4u);
  EXPECT_EQ((*items)[0].status, 400);
  EXPECT_EQ((*items)[0].error_type, "mapper_parsing_exception");
  EXPECT_EQ((*items)[0].reason,
            "failed to parse field [response]: For input string: \"not a number\"");
  EXPECT_EQ((*items)[1].status, 409);
  EXPECT_TRUE((*items)[1].has_error);
  EXPECT_EQ((*items)[2].status, 201);
  EXPECT_FALSE((*items)[2].has_error);
  EXPECT_EQ((*items)[3].status, 404);
  EXPECT_FALSE((*items)[3].has_error);
}

TEST(BulkAnswerReader, TakesKeysInAnyOrderAndPrettyPrinted) {
  BulkAnswerReader reader;
  const auto items = reader.read(
      "{\n \"items\" : [ { \"create\" : { \"error\" : \"words\", \"status\" : 429 } } ],\n"
      " \"errors\" : true, \"took\" : 1 }\n",
      sent({ActionKind::create}));
  ASSERT_TRUE(items) << items.error().message;
  EXPECT_EQ((*items)[0].status, 429);
  EXPECT_EQ((*items)[0].reason, "words");
}

TEST(BulkAnswerReader, StatusThatIsNoNumberIsNone) {
  BulkAnswerReader reader;
  for (const char* status :
       {R"("201")", "null", "201.5", "[201]", "-201", "99999999999999999999"}) {
    const auto items = reader.read(
        std::string(R"({"errors":false,"items":[{"create":{"status":)") + status + "}}]}",
        sent({ActionKind::create}));
    EXPECT_TRUE(!items || (*items)[0].status == 0) << status;
  }
}

TEST(BulkAnswerReader, OutcomeIsUnknownUnlessTheAnswerIsWhole) {
  BulkAnswerReader reader;
  const char* const broken[] = {
      "",
      "{",
      "null",
      "[]",
      "<html><body>502 Bad Gateway</body></html>",
      R"({"errors":false})",
      R"({"errors":false,"items":[]})",
      R"({"errors":false,"items":{}})",
      R"({"errors":false,"items":[{"create":{"status":201}})",
      R"({"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}}]})",
      R"({"errors":false,"items":[{"index":{"status":201}}]})",
      R"({"errors":false,"items":[{"create":201}]})",
      R"({"errors":false,"items":[{}]})",
      R"({"errors":false,"items":[null]})",
      R"({"errors":false,"items":[{"create":{"status":201},"index":{"status":201}}]})",
      R"({"errors":false,"items":[{"create":{"status":201}}]} trailing)",
      "{\"errors\":false,\"items\":[{\"create\":{\"status\":201,\"x\":\"\xff\xfe\"}}]}",
  };
  for (const char* body : broken)
    EXPECT_FALSE(reader.read(body, sent({ActionKind::create}))) << body;
}

TEST(BulkAnswerReader, EveryCutOfAnAnswerIsUnknown) {
  BulkAnswerReader reader;
  const auto actions =
      sent({ActionKind::index, ActionKind::create, ActionKind::index, ActionKind::remove});
  for (std::size_t size = 0; size < kFourItems.size(); ++size)
    EXPECT_FALSE(reader.read(kFourItems.substr(0, size), actions)) << size;
}

TEST(BulkAnswerReader, TheUsualAnswerIsReadAsTheParserReadsIt) {
  BulkAnswerReader reader;
  const auto actions =
      sent({ActionKind::create, ActionKind::index, ActionKind::update, ActionKind::remove});
  const std::string usual =
      R"({"errors":false,"items":[{"create":{"status":201}},{"index":{"status":200}},)"
      R"({"update":{"status":200}},{"delete":{"status":200}}]})";
  const auto statuses = [&](const std::string& body) {
    std::vector<int> each;
    if (const auto items = reader.read(body, actions))
      for (const ItemAnswer& item : *items) each.push_back(item.status);
    return each;
  };
  EXPECT_EQ(statuses(usual), (std::vector<int>{201, 200, 200, 200}));
  for (std::size_t at = 0; at < usual.size(); ++at) {
    EXPECT_TRUE(statuses(usual.substr(0, at)).empty()) << at;
    for (const char other : {' ', '0', '2', '}', '"', '\0'}) {
      std::string changed = usual;
      changed[at] = other;
      EXPECT_EQ(statuses(changed), statuses(" " + changed)) << changed;  // a space: to the parser
    }
  }
}

TEST(BulkAnswerReader, LongReasonsAreCut) {
  BulkAnswerReader reader;
  const std::string reason(100'000, 'x');
  const auto items = reader.read(
      R"({"items":[{"index":{"status":400,"error":{"type":"t","reason":")" + reason + "\"}}}]}",
      sent({ActionKind::index}));
  ASSERT_TRUE(items);
  EXPECT_EQ((*items)[0].reason.size(), kMostReasonBytes);
}

TEST(BulkAnswerReader, DeepNestingIsUnknownNotAFault) {
  BulkAnswerReader reader;
  EXPECT_FALSE(reader.read(R"({"items":)" + std::string(500'000, '['), sent({ActionKind::index})));
}

TEST(BulkAnswerReader, ExplainsErrorsOfEveryShape) {
  BulkAnswerReader reader;
  EXPECT_EQ(reader.explain(R"({"error":{"root_cause":[],"type":"circuit_breaking_exception",)"
                           R"("reason":"Data too large"},"status":429})"),
            "circuit_breaking_exception: Data too large");
  EXPECT_EQ(reader.explain(R"({"error":"Content-Type header [] is not supported","status":406})"),
            "Content-Type header [] is not supported");
  EXPECT_EQ(reader.explain("Unauthorized"), "Unauthorized");
  EXPECT_EQ(reader.explain(""), "an empty body");
  EXPECT_EQ(reader.explain("a\nb\x01"), "a b ");
}

constexpr std::string_view kOpenSearchRoot =
    R"({"name":"d1","cluster_uuid":"x","version":{"distribution":"opensearch","number":"2.19.4"},)"
    R"("tagline":"The OpenSearch Project: https://opensearch.org/"})";

std::string elastic_root(std::string_view number) {
  return R"({"name":"e1","version":{"number":")" + std::string(number) +
         R"(","build_flavor":"default"},"tagline":"You Know, for Search"})";
}

TEST(ServerInfo, KnowsBothFamilies) {
  const auto open = read_server_info(kOpenSearchRoot, "");
  ASSERT_TRUE(open);
  EXPECT_EQ(open->text(), "OpenSearch 2.19.4");
  EXPECT_TRUE(open->has_composable_templates());
  const auto elastic = read_server_info(elastic_root("8.19.21"), "Elasticsearch");
  ASSERT_TRUE(elastic);
  EXPECT_EQ(elastic->text(), "Elasticsearch 8.19.21");
  EXPECT_EQ(elastic->major, 8);
  EXPECT_EQ(elastic->minor, 19);
}

TEST(ServerInfo, OldServersHaveNoProductHeader) {
  EXPECT_TRUE(read_server_info(elastic_root("7.10.2"), ""));
  EXPECT_FALSE(read_server_info(elastic_root("7.14.0"), ""));
  EXPECT_FALSE(read_server_info(elastic_root("8.0.0"), ""));
  EXPECT_TRUE(read_server_info(elastic_root("9.1.0"), "Elasticsearch"));
}

TEST(ServerInfo, RefusesWhatIsTooOldOrSomethingElse) {
  EXPECT_EQ(read_server_info(elastic_root("6.8.1"), "").error().code, Errc::unsupported);
  EXPECT_FALSE(read_server_info("<html>nginx</html>", ""));
  EXPECT_FALSE(read_server_info("{}", "Elasticsearch"));
  EXPECT_FALSE(read_server_info(R"({"version":{"number":"x"}})", "Elasticsearch"));
}

}  // namespace
}  // namespace millrace::elasticsearch
