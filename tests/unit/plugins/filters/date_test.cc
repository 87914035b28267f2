#include "plugins/filters/date.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

struct Case {
  std::string options;
  std::string event;
  std::string result;  // a `t` without tags: the filter succeeded
};

TEST(DateFilter, ReadsTimes) {
  const std::vector<Case> cases = {
      {"match => ['m', 'ISO8601']", R"({"m":"2024-02-03T04:05:06+01:00"})",
       "2024-02-03T03:05:06.000Z"},
      {"match => ['m', 'dd.MM.yyyy', 'UNIX']", R"({"m":"1478207457.456"})",
       "2016-11-03T21:10:57.456Z"},
      {"match => ['m', 'UNIX']", R"({"m":1478207457})", "2016-11-03T21:10:57.000Z"},
      {"match => ['m', 'UNIX_MS']", R"({"m":1478207457456})", "2016-11-03T21:10:57.456Z"},
      {"match => ['[m][n]', 'yyyy-MM-dd'] timezone => 'Asia/Tokyo'", R"({"m":{"n":"2024-02-03"}})",
       "2024-02-02T15:00:00.000Z"},
      {"match => ['m', 'yyyy-MM-dd'] timezone => '%{z}'", R"({"m":"2024-02-03","z":"Asia/Tokyo"})",
       "2024-02-02T15:00:00.000Z"},
      {"match => ['m', 'yyyy-MM-dd', 'UNIX'] timezone => '%{z}'", R"({"m":1478207457,"z":"Mars"})",
       "2016-11-03T21:10:57.000Z"},
      {"match => ['m', 'dd MMMM yyyy'] locale => FR timezone => UTC", R"({"m":"03 février 2024"})",
       "2024-02-03T00:00:00.000Z"},
      {"match => ['m', 'dd MMM yyyy'] locale => 'de-AT' timezone => UTC", R"({"m":"03 Jän. 2024"})",
       "2024-01-03T00:00:00.000Z"},
  };
  for (const Case& c : cases) {
    const MadeFilter filter(date_filter(), "date { target => 't' " + c.options + " }");
    ASSERT_NE(filter.made, nullptr) << filter.messages();
    const Filtered out = filtered(*filter.made, {c.event});
    const std::string before = c.event.substr(0, c.event.size() - 1);
    EXPECT_EQ(out.events.at(0), before + ",\"t\":\"" + c.result + "\"}");
    EXPECT_EQ(out.matched.size(), 1u) << c.options;
  }
}

TEST(DateFilter, TagsWhatIsNoTime) {
  const std::vector<Case> cases = {
      {"target => 't'", R"({"m":"2024-02-30"})",
       R"({"m":"2024-02-30","tags":["_dateparsefailure"]})"},
      {"target => 't'", R"({"m":"2024-02-03 "})",
       R"({"m":"2024-02-03 ","tags":["_dateparsefailure"]})"},
      {"target => 't'", R"({"m":true})", R"({"m":true,"tags":["_dateparsefailure"]})"},
      {"target => 't'", R"({"m":[]})", R"({"m":[],"tags":["_dateparsefailure"]})"},
      {"target => 't'", R"({"m":["2024-02-03"]})",
       R"({"m":["2024-02-03"],"tags":["_dateparsefailure"]})"},
      {"target => 't' timezone => '%{z}'", R"({"m":"2024-02-03","z":"Mars"})",
       R"({"m":"2024-02-03","z":"Mars","tags":["_dateparsefailure"]})"},
      {"target => 't' timezone => '%{z}'", R"({"m":"2024-02-03"})",
       R"({"m":"2024-02-03","tags":["_dateparsefailure"]})"},
      {"tag_on_failure => ['a', 'b']", R"({"m":"x"})", R"({"m":"x","tags":["a","b"]})"},
      {"target => '[m][t]'", R"({"m":"2024-02-03"})",
       R"({"m":"2024-02-03","tags":["_dateparsefailure"]})"},
      {"target => 't'", R"({"m":null})", R"({"m":null})"},
      {"target => 't'", R"({"other":1})", R"({"other":1})"},
  };
  for (const Case& c : cases) {
    const MadeFilter filter(date_filter(),
                            "date { match => ['m', 'yyyy-MM-dd'] " + c.options + " }");
    ASSERT_NE(filter.made, nullptr) << filter.messages();
    const Filtered out = filtered(*filter.made, {c.event});
    EXPECT_EQ(out.events.at(0), c.result);
    EXPECT_TRUE(out.matched.empty()) << c.event;
  }
}

TEST(DateFilter, SetsTheEventsTime) {
  const MadeFilter filter(date_filter(), "date { match => ['m', 'UNIX'] }");
  const auto batch = Batch::make();
  const Selection all{add_event(*batch, R"({"m":12})").at()};
  Selection matched;
  const auto scratch = filter.made->make_scratch();
  FilterRun run{*batch, all, scratch.get(), matched};
  filter.made->apply(run);
  EXPECT_EQ((*batch)[0].timestamp(), Timestamp{12'000'000'000});
}

TEST(DateFilter, RefusesWhatMakesNoSense) {
  for (const auto& [options, message] : std::vector<std::pair<std::string, std::string>>{
           {"match => ['m']", "at least one format"},
           {"match => ['[m', 'ISO8601']", "[m"},
           {"match => ['m', 'yyyy', 'bbb']", "b"},
           {"match => ['m', 'UNIX'] timezone => 'Mars/Base'", "Mars/Base"},
           {"match => ['m', 'UNIX'] target => 'a]'", "a]"}}) {
    const MadeFilter filter(date_filter(), "date { " + options + " }");
    EXPECT_EQ(filter.made, nullptr) << options;
    EXPECT_NE(filter.messages().find(message), std::string::npos) << filter.messages();
  }
}

}  // namespace
}  // namespace millrace
