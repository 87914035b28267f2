#include "plugins/filters/mutate.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

struct Case {
  std::string options;
  std::string event;
  std::string result;
};

std::string mutated(const std::string& options, const std::string& event) {
  const MadeFilter filter(mutate_filter(), "mutate { " + options + " }");
  if (!filter.made) return filter.messages();
  return filtered(*filter.made, {event}).events.at(0);
}

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(mutated(c.options, c.event), c.result) << c.options;
}

TEST(MutateFilter, RenamesAndCopies) {
  expect_all({
      {"rename => { 'a' => 'b' }", R"({"a":1,"c":2})", R"({"c":2,"b":1})"},
      {"rename => { 'a' => 'b' }", R"({"a":null})", R"({"b":null})"},
      {"rename => { 'a' => '[a][b]' }", R"({"a":1})", R"({"a":{"b":1}})"},
      {"rename => { '[a][b]' => 'a' }", R"({"a":{"b":1,"c":2}})", R"({"a":1})"},
      {"rename => { 'f_%{k}' => '%{[n][m]}' }", R"({"k":"x","f_x":1,"n":{"m":"[p][q]"}})",
       R"({"k":"x","n":{"m":"[p][q]"},"p":{"q":1}})"},
      {"copy => { 'a' => 'b' }", R"({"a":{"x":1}})", R"({"a":{"x":1},"b":{"x":1}})"},
      {"copy => { 'a' => 'b' }", R"({"a":null})", R"({"a":null})"},
      {"copy => { 'a' => '[a][b]' }", R"({"a":{"x":1}})", R"({"a":{"x":1,"b":{"x":1}}})"},
  });
}

TEST(MutateFilter, FillsReferencesOnlyIntoTheNamesOfRename) {
  expect_all({
      {"replace => { '%{k}' => '%{k}' }", R"({"k":"a"})", R"({"k":"a","%{k}":"a"})"},
      {"update => { '%{k}' => 'x' }", R"({"k":"a","a":1})", R"({"k":"a","a":1})"},
      {"copy => { 'a' => '%{k}' }", R"({"k":"b","a":1})", R"({"k":"b","a":1,"%{k}":1})"},
      {"merge => { 'a' => '%{k}' }", R"({"k":"b","a":1,"b":2})", R"({"k":"b","a":[1],"b":2})"},
      {"uppercase => ['%{k}']", R"({"k":"a","a":"x"})", R"({"k":"a","a":"x"})"},
  });
  const MadeFilter filter(mutate_filter(), "mutate { split => { '%{k}' => ',' } }");
  EXPECT_NE(filter.messages().find("`%{k}` is the name of a field as it is written"),
            std::string::npos);
}

TEST(MutateFilter, KeepsAFieldThatCannotBeRenamed) {
  expect_all({{"rename => { 'a' => '[s][x]' }", R"({"a":1,"s":"text"})",
               R"({"s":"text","a":1,"tags":["_mutate_error"]})"},
              {"rename => { 'a' => '@timestamp' }", R"({"a":"x"})",
               R"({"a":"x","tags":["_mutate_error"]})"}});
}

TEST(MutateFilter, CopiesDoNotShareWhatIsWrittenLater) {
  const MadeFilter copy(mutate_filter(), "mutate { copy => { 'a' => 'b' } }");
  const MadeFilter write(mutate_filter(), "mutate { replace => { '[b][x][y]' => new } }");
  ASSERT_TRUE(copy.made && write.made);
  const auto batch = Batch::make();
  const Selection all{add_event(*batch, R"({"a":{"x":{"y":"old"}}})").at()};
  for (const MadeFilter* filter : {&copy, &write}) {
    Selection matched;
    const auto scratch = filter->made->make_scratch();
    FilterRun run{*batch, all, scratch.get(), matched};
    filter->made->apply(run);
  }
  EXPECT_EQ(as_json(*batch), (Texts{R"({"a":{"x":{"y":"old"}},"b":{"x":{"y":"new"}}})"}));
}

TEST(MutateFilter, SetsTexts) {
  expect_all({
      {"replace => { 'a' => 'x%{b}' 'c' => 'new' }", R"({"a":1,"b":2})",
       R"({"a":"x2","b":2,"c":"new"})"},
      {"replace => { 'a' => '%{missing}' }", R"({"a":1})", R"({"a":"%{missing}"})"},
      {"update => { 'a' => 'x' 'b' => 'x' }", R"({"a":null})", R"({"a":"x"})"},
      {"coerce => { 'a' => 'x' 'b' => 'x' 'c' => 'x' }", R"({"a":null,"b":1})",
       R"({"a":"x","b":1})"},
  });
}

TEST(MutateFilter, Converts) {
  const auto converted = [](const std::string& type, const std::string& value) {
    const std::string event =
        mutated("convert => { 'v' => " + type + " }", "{\"v\":" + value + "}");
    return event.substr(5, event.size() - 6);
  };
  const std::vector<std::array<std::string, 3>> cases = {
      {"integer", R"("12abc")", "12"},
      {"integer", R"("abc")", "0"},
      {"integer", R"("")", "0"},
      {"integer", R"(" 12")", "12"},
      {"integer", R"("+12")", "12"},
      {"integer", R"("-")", "0"},
      {"integer", R"("1_000")", "1000"},
      {"integer", R"("-0x1A")", "-26"},
      {"integer", R"("-9223372036854775809")", "-9223372036854775809"},
      {"integer", R"("1e400000000000000000000")", R"("1e400000000000000000000")"},
      {"integer", "-1.9", "-1"},
      {"integer", "1e20", "100000000000000000000"},
      {"integer", R"({"a":"1"})", R"({"a":"1"})"},
      {"integer", R"(["1",null,"x",true])", "[1,null,0,1]"},
      {"integer_eu", R"("1.234,9")", "1234"},
      {"float", R"("1,234.5")", "1234.5"},
      {"float", R"("nan")", "0.0"},
      {"float", R"("infinity")", "0.0"},
      {"float", R"("12e")", "12.0"},
      {"float_eu", R"("1.234,5")", "1234.5"},
      {"boolean", R"("YES")", "true"},
      {"boolean", R"("F")", "false"},
      {"boolean", R"("")", "false"},
      {"boolean", R"("maybe")", R"("maybe")"},
      {"boolean", "1.0", "true"},
      {"boolean", "2", "2"},
      {"boolean", "[100, 110, 10]", "[true,true,10]"},
      {"boolean", R"(["1.0","1é0","0-0","1.00"])", R"([true,true,false,"1.00"])"},
      {"boolean", R"(["a\nyes\n","x\nNO","x\n"])", R"([true,false,"x\n"])"},
      {"boolean", "-0.0", "-0.0"},
      {"boolean", R"(["t",0,null])", "[true,false,null]"},
      {"string", "1.5", R"("1.5")"},
      {"string", R"([1,null,true])", R"(["1",null,"true"])"},
      {"string", R"({"a":1})", R"({"a":1})"},
      {"string", R"([{"a":1},["x"]])", R"(["{\"a\"=>1}","[\"x\"]"])"},
      {"integer", R"(["1",{"a":1}])", R"(["1",{"a":1}],"tags":["_mutate_error"])"},
      {"float", R"(["1",[1]])", R"(["1",[1]],"tags":["_mutate_error"])"},
      {"boolean", R"(["t",{"a":1}])", R"([true,{"a":1}])"},
  };
  for (const auto& [type, value, result] : cases)
    EXPECT_EQ(converted(type, value), result) << type << " of " << value;
}

TEST(MutateFilter, SubstitutesByExpression) {
  expect_all({
      {R"(gsub => ["m", "[/\\]", "_"])", R"({"m":"a/b\\c"})", R"({"m":"a_b_c"})"},
      {R"x(gsub => ["m", "(\d+)-(\d+)", "\2-\1", "m", "-", "+"])x", R"({"m":"1-2"})",
       R"({"m":"2+1"})"},
      {R"(gsub => ["m", "%{k}", "%{k}!"])", R"({"m":"abc","k":"b"})", R"({"m":"ab!c","k":"b"})"},
      {R"(gsub => ["m", "%{k}", ""])", R"({"m":"a","k":"("})",
       R"({"m":"a","k":"(","tags":["_mutate_error"]})"},
      {R"(gsub => ["m", "a", "b"])", R"({"m":["a",1,"c",null]})", R"({"m":["b",1,"c",null]})"},
      {R"(gsub => ["m", "1", "b"])", R"({"m":1})", R"({"m":1})"},
      {R"(gsub => ["m", "a", "b"])", R"({})", R"({})"},
  });
}

TEST(MutateFilter, ChangesCaseAndStrips) {
  expect_all({
      {"uppercase => ['a']", R"({"a":"straße é ж"})", R"({"a":"STRASSE É Ж"})"},
      {"lowercase => ['a']", R"({"a":"ÀB"})", R"({"a":"àb"})"},
      {"capitalize => ['a']", R"({"a":"éCOLE Foo"})", R"({"a":"École foo"})"},
      {"uppercase => ['a']", R"({"a":"ﬁŉ ა"})", R"({"a":"FIʼN Ა"})"},
      {"lowercase => ['a']", R"({"a":"İ"})", "{\"a\":\"i\u0307\"}"},
      {"capitalize => ['a']", R"({"a":["ǆUR","ﬁNE","აბ","ßa"]})",
       R"({"a":["ǅur","Fine","აბ","Ssa"]})"},
      {"capitalize => ['a']", R"({"a":["ab",1,""]})", R"({"a":["Ab",1,""]})"},
      {"strip => ['a']", R"({"a":" \t x y\n "})", R"({"a":"x y"})"},
      {"strip => ['a']", R"({"a":" \u0000"})", R"({"a":""})"},
      {"strip => ['a']", R"({"a":[" x ","y "]})", R"({"a":["x","y"]})"},
      {"strip => ['a']", R"({"a":[" x ",1]})", R"({"a":[" x ",1],"tags":["_mutate_error"]})"},
      {"strip => ['a']", R"({"a":1})", R"({"a":1})"},
  });
}

TEST(MutateFilter, SplitsAndJoins) {
  expect_all({
      {"split => { 'a' => ',' }", R"({"a":",x,,y,,"})", R"({"a":["","x","","y"]})"},
      {"split => { 'a' => ' ' }", R"({"a":"  x \t y "})", R"({"a":["x","y"]})"},
      {"split => { 'a' => '' }", R"({"a":"xéy"})", R"({"a":["x","é","y"]})"},
      {"split => { 'a' => ',' }", R"({"a":""})", R"({"a":[]})"},
      {"split => { 'a' => ',' }", R"({"a":[1]})", R"({"a":[1]})"},
      {"join => { 'a' => '-' }", R"({"a":["x",1,null,true,["y",["z"]]]})",
       R"({"a":"x-1--true-y-z"})"},
      {"join => { 'a' => '-' }", R"({"a":"x"})", R"({"a":"x"})"},
      {"join => { 'a' => '-' }", R"({"a":[]})", R"({"a":""})"},
  });
}

TEST(MutateFilter, Merges) {
  expect_all({
      {"merge => { 'a' => 'b' }", R"({"a":"x","b":"y"})", R"({"a":["x","y"],"b":"y"})"},
      {"merge => { 'a' => 'b' }", R"({"a":["x"],"b":["y",1]})", R"({"a":["x","y",1],"b":["y",1]})"},
      {"merge => { 'a' => ['b', 'c'] }", R"({"a":1,"b":2,"c":3})", R"({"a":[1,2,3],"b":2,"c":3})"},
      {"merge => { 'a' => 'b' }", R"({"b":"y"})", R"({"b":"y","a":["y"]})"},
      {"merge => { 'a' => 'b' }", R"({"a":"x"})", R"({"a":["x"]})"},
      {"merge => { 'a' => 'b' }", R"({"c":1})", R"({"c":1,"a":[]})"},
      {"merge => { 'a' => 'b' }", R"({"a":{"y":3}})", R"({"a":{"y":3}})"},
      {"merge => { 'a' => 'b' }", R"({"a":{"x":1,"y":2},"b":{"y":3}})",
       R"({"a":{"x":1,"y":3},"b":{"y":3}})"},
      {"merge => { 'a' => 'b' }", R"({"a":[1],"b":{"y":3}})", R"({"a":[1],"b":{"y":3}})"},
      {"merge => { 'a' => 'b' }", R"({"a":{"y":3},"b":[1]})", R"({"a":{"y":3},"b":[1]})"},
      {"merge => { 'a' => 'b' }", R"({"b":{"y":3}})", R"({"b":{"y":3}})"},
      {"merge => { 'a' => '[a][b]' }", R"({"a":{"b":{"c":1}}})", R"({"a":{"b":{"c":1},"c":1}})"},
      {"merge => { '[a][b]' => 'a' }", R"({"a":{"b":{"c":1}}})",
       R"({"a":{"b":{"c":1,"b":{"c":1}}}})"},
  });
}

TEST(MutateFilter, WorksInItsOwnOrderWhateverTheConfigs) {
  EXPECT_EQ(mutated("copy => { 'b' => 'c' } uppercase => ['b'] replace => { 'a' => 'x,%{v}' } "
                    "rename => { 'a' => 'b' } split => { 'b' => ',' }",
                    R"({"a":"p,q","v":1})"),
            R"({"v":1,"b":["P","Q"],"a":"x,1","c":["P","Q"]})");
}

TEST(MutateFilter, StopsAtTheFirstFailure) {
  const MadeFilter filter(mutate_filter(),
                          "mutate { replace => { '[s][x]' => new } uppercase => ['s'] "
                          "tag_on_failure => oops }");
  const Filtered out = filtered(*filter.made, {R"({"s":"text"})", R"({"t":1})"});
  EXPECT_EQ(out.events, (Texts{R"({"s":"text","tags":["oops"]})", R"({"t":1,"s":{"x":"new"}})"}));
  EXPECT_EQ(out.matched, (Selection{1}));
}

TEST(MutateFilter, RefusesWhatMakesNoSense) {
  for (const auto& [options, message] : std::vector<std::pair<std::string, std::string>>{
           {"convert => { 'a' => intger }", "did you mean `integer`?"},
           {"convert => { 'a' => thing }", "one of integer, integer_eu, float"},
           {"gsub => ['a', 'b']", "expected triples"},
           {"gsub => ['a', '(x', 'b']", "at character 2"},
           {"rename => { 'a' => { 'b' => 'c' } }", "must be text"}}) {
    const std::string messages = mutated(options, "{}");
    EXPECT_NE(messages.find(message), std::string::npos) << messages;
  }
}

}  // namespace
}  // namespace millrace
