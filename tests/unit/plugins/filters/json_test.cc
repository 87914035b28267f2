#include "plugins/filters/json.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

struct Case {
  std::string options;
  std::string event;
  std::string result;
  bool matched;
};

TEST(JsonFilter, TakesDocumentsOver) {
  const std::vector<Case> cases = {
      {"", R"({"m":"{\"a\":{\"b\":[1,2.5]}}","a":0})",
       R"({"m":"{\"a\":{\"b\":[1,2.5]}}","a":{"b":[1,2.5]}})", true},
      {"target => 'm'", R"({"m":"{\"m\":1}"})", R"({"m":{"m":1}})", true},
      {"target => '[x][y]'", R"({"m":"[1]"})", R"({"m":"[1]","x":{"y":[1]}})", true},
      {"target => 'x'", R"({"m":"null"})", R"({"m":"null","x":null})", true},
      {"", R"({"m":"[1]"})", R"({"m":"[1]","tags":["_jsonparsefailure"]})", false},
      {"skip_on_invalid_json => true", R"({"m":"[1]"})",
       R"({"m":"[1]","tags":["_jsonparsefailure"]})", false},
      {"target => '[s][x]'", R"({"m":"1","s":""})",
       R"({"m":"1","s":"","tags":["_jsonparsefailure"]})", false},
      {"", R"({"m":"{"})", R"({"m":"{","tags":["_jsonparsefailure"]})", false},
      {"", R"({"m":"{} x"})", R"({"m":"{} x","tags":["_jsonparsefailure"]})", false},
      {"", R"({"m":12})", R"({"m":12,"tags":["_jsonparsefailure"]})", false},
      {"tag_on_failure => ['a', 'b']", R"({"m":"x"})", R"({"m":"x","tags":["a","b"]})", false},
      {"tag_on_failure => []", R"({"m":"x"})", R"({"m":"x"})", false},
      {"skip_on_invalid_json => true", R"({"m":"x"})", R"({"m":"x"})", false},
      {"", R"({"m":null})", R"({"m":null})", false},
      {"", R"({"other":1})", R"({"other":1})", false},
      {"", R"({"m":"{\"tags\":7}"})", R"({"m":"{\"tags\":7}","tags":["_jsonparsefailure"]})",
       false},
      {"", R"({"m":"{\"tags\":[\"t\"]}"})", R"({"m":"{\"tags\":[\"t\"]}","tags":["t"]})", true},
      {"", R"({"m":false})", R"({"m":false})", false},
      {"", R"({"m":"{\"[a][b]\":1,\"c\":2}"})",
       R"({"m":"{\"[a][b]\":1,\"c\":2}","a":{"b":1},"c":2})", true},
      {"", R"({"m":"{\"[a\":1,\"c\":2}"})",
       R"({"m":"{\"[a\":1,\"c\":2}","c":2,"tags":["_jsonparsefailure"]})", false},
      {"", R"({"m":"{\"[m][b]\":1}"})", R"({"m":"{\"[m][b]\":1}","tags":["_jsonparsefailure"]})",
       false},
  };
  for (const Case& c : cases) {
    const MadeFilter filter(json_filter(), "json { source => 'm' " + c.options + " }");
    ASSERT_NE(filter.made, nullptr) << filter.messages();
    const Filtered out = filtered(*filter.made, {c.event});
    EXPECT_EQ(out.events.at(0), c.result) << c.options;
    EXPECT_EQ(out.matched.size(), c.matched ? 1u : 0u) << c.options << c.event;
  }
}

TEST(JsonFilter, TakesOnlyATimeAsTheTimestamp) {
  const MadeFilter filter(json_filter(), "json { source => 'm' }");
  const auto batch = Batch::make();
  Selection all;
  for (const char* time : {R"(\"2020-01-02T03:04:05Z\")", "null", "123"})
    all.push_back(add_event(*batch, std::string(R"({"m":"{\"@timestamp\":)") + time + "}\"}").at());
  const Timestamp before = (*batch)[all[1]].timestamp();
  Selection matched;
  const auto scratch = filter.made->make_scratch();
  FilterRun run{*batch, all, scratch.get(), matched};
  filter.made->apply(run);
  EXPECT_EQ(matched.size(), 3u);
  EXPECT_EQ((*batch)[all[0]].timestamp().ns, 1'577'934'245'000'000'000);
  EXPECT_EQ((*batch)[all[1]].timestamp(), before);
  EXPECT_FALSE((*batch)[all[1]].has_tag("_timestampparsefailure"));
  const Value* const kept = (*batch)[all[2]].get(FieldRef::parse("_@timestamp").value());
  ASSERT_TRUE(kept && kept->is_string());
  EXPECT_EQ(kept->text(), "123");
  EXPECT_TRUE((*batch)[all[2]].has_tag("_timestampparsefailure"));
}

TEST(JsonFilter, RefusesBadReferencesAndAMissingSource) {
  for (const char* options : {"", "source => '[a'", "source => 'a' target => 'b]'"}) {
    const MadeFilter filter(json_filter(), std::string("json { ") + options + " }");
    EXPECT_EQ(filter.made, nullptr) << options;
    EXPECT_FALSE(filter.messages().empty());
  }
}

}  // namespace
}  // namespace millrace
