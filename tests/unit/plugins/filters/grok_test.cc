#include "plugins/filters/grok.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"
#include "tests/unit/support/temp_directory.h"

namespace millrace {
namespace {

std::string grokked(const std::string& options, const std::string& event) {
  const MadeFilter filter(grok_filter(),
                          "grok { match => { 'm' => '%{WORD:a}' } " + options + " }");
  if (!filter.made) return filter.messages();
  return filtered(*filter.made, {event}).events.at(0);
}

TEST(GrokFilter, AddsToTextsAndListsAndLeavesOtherValues) {
  EXPECT_EQ(grokked("", R"({"m":"x"})"), R"({"m":"x","a":"x"})");
  EXPECT_EQ(grokked("", R"({"m":"x","a":null})"), R"({"m":"x","a":"x"})");
  EXPECT_EQ(grokked("", R"({"m":"x","a":"y"})"), R"({"m":"x","a":["y","x"]})");
  EXPECT_EQ(grokked("", R"({"m":"x","a":[1]})"), R"({"m":"x","a":[1,"x"]})");
  for (const std::string kept : {"5", "1.5", "true", R"({"b":1})"}) {
    const std::string event = R"({"m":"x","a":)" + kept + "}";
    EXPECT_EQ(grokked("", event), event);
  }
}

/// What `match => { 'm' => EXPRESSION }` makes of an event.
std::string matched(const std::string& expression, const std::string& event,
                    const std::string& options = "") {
  const MadeFilter filter(grok_filter(),
                          "grok { match => { 'm' => \"" + expression + "\" } " + options + " }");
  if (!filter.made) return filter.messages();
  return filtered(*filter.made, {event}).events.at(0);
}

TEST(GrokFilter, KeepsTheCapturesThatTookNoPartAsNullWhereItIsToldTo) {
  const std::string keep = "keep_empty_captures => true";
  EXPECT_EQ(matched("%{INT:a}(?<b>x*)( %{INT:c:int})?", R"({"m":"1"})", keep),
            R"({"m":"1","a":"1","b":"","c":null})");
  EXPECT_EQ(matched("%{INT:a}( %{INT:a})?", R"({"m":"1"})", keep), R"({"m":"1","a":["1",null]})");
  EXPECT_EQ(matched("(%{WORD:a}-)?%{INT:b}", R"({"m":"1","a":5})", keep),
            R"({"m":"1","a":5,"b":"1"})");
}

TEST(GrokFilter, AFieldThatIsMissingIsAnEmptyText) {
  EXPECT_EQ(matched("^%{DATA:a}$", R"({"x":1})"), R"({"x":1})");
  EXPECT_EQ(matched("^$", R"({"m":null})"), R"({"m":null})");
  EXPECT_EQ(matched("%{WORD:a}", R"({"x":1})"), R"({"x":1,"tags":["_grokparsefailure"]})");
}

TEST(GrokFilter, HasNotMatchedWhereACaptureFindsNoPlace) {
  EXPECT_EQ(matched("%{WORD:b} %{WORD:[a][b]} %{WORD:c}", R"({"m":"x y z","a":"s"})"),
            R"({"m":"x y z","a":"s","b":"x","tags":["_grokparsefailure"]})");
  EXPECT_EQ(matched("%{WORD:[a][b]}", R"({"m":["x","y"],"a":"s"})"),
            R"({"m":["x","y"],"a":"s","tags":["_grokparsefailure"]})");
}

TEST(GrokFilter, TakesTheCapturesOfAGroupTogether) {
  EXPECT_EQ(matched("%{WORD:a} %{INT:a} %{WORD:a}", R"({"m":"x 1 y"})"),
            R"({"m":"x 1 y","a":["x","y","1"]})");
}

TEST(GrokFilter, ATypeIsThatOfTheFirstCaptureOfAGroup) {
  EXPECT_EQ(matched("(?:%{INT:a:int}x|%{INT:a:int}y)", R"({"m":"5y"})"), R"({"m":"5y","a":"5"})");
  EXPECT_EQ(matched("(?:%{INT:a:int}x|%{NUMBER:a:int}y)", R"({"m":"5y"})"), R"({"m":"5y","a":5})");
}

TEST(GrokFilter, ReadsTheNameOfAGroupLikeAReference) {
  EXPECT_EQ(matched("(?<X:a:int>[0-9]+)", R"({"m":"5"})"), R"({"m":"5","a":5})");
  EXPECT_EQ(matched("(?<X:a>[0-9]+)", R"({"m":"5"})"), R"({"m":"5","a":"5"})");
  EXPECT_EQ(matched("(?<a:int>[0-9]+)", R"({"m":"5"})"), R"({"m":"5","int":"5"})");
  EXPECT_EQ(matched("(?'a'[0-9]+)", R"({"m":"5"})"), R"({"m":"5","a":"5"})");
}

TEST(GrokFilter, ReadsPatternsFromDirectoriesFilesAndWildcards) {
  const TempDirectory top;
  top.write("p/one.txt", "ONE 1\n");
  top.write("p/two", "TWO 2\n");
  top.write("p/.two.swp", "not a pattern file\001");
  const auto of = [&](const std::string& path, const std::string& pattern) {
    return matched("%{" + pattern + ":a}", R"({"m":"12"})", "patterns_dir => '" + path + "'");
  };
  const std::string one = R"({"m":"12","a":"1"})";
  const std::string two = R"({"m":"12","a":"2"})";
  EXPECT_EQ(of(top.path("p"), "TWO"), two);
  EXPECT_EQ(of(top.path("p/one.txt"), "ONE"), one);
  EXPECT_EQ(of(top.path("*/{one,tow}.t?t"), "ONE"), one);
  EXPECT_NE(of(top.path("p/*.txt"), "TWO").find("there is no pattern `TWO`"), std::string::npos);
  EXPECT_NE(of(top.path("none"), "ONE").find("cannot read the directory"), std::string::npos);
}

/// What a standard pattern takes of a text.
std::string taken(const std::string& pattern, const std::string& text) {
  const MadeFilter filter(grok_filter(), "grok { match => { 'm' => '%{" + pattern + ":a}' } }");
  return filtered(*filter.made, {R"({"m":")" + text + R"("})"}).events.at(0);
}

TEST(GrokFilter, StandardPatternsTakeWhatLogstashsDo) {
  EXPECT_EQ(taken("LOGLEVEL", "[INF] x"), R"({"m":"[INF] x","a":"INF"})");
  EXPECT_EQ(taken("LOGLEVEL", "WAR: x"), R"({"m":"WAR: x","a":"WAR"})");
  EXPECT_EQ(taken("LOGLEVEL", "information"), R"({"m":"information","a":"information"})");
  EXPECT_EQ(taken("TIME", "T112:34:56"), R"({"m":"T112:34:56","a":"12:34:56"})");
  EXPECT_EQ(taken("EMAILADDRESS", "0a+b@example.com"),
            R"({"m":"0a+b@example.com","a":"a+b@example.com"})");
}

TEST(GrokFilter, OverwritesWhatItIsToldTo) {
  for (const std::string old : {"null", "5", R"("y")", "[1]", R"({"b":1})"})
    EXPECT_EQ(grokked("overwrite => ['a']", R"({"m":"x","a":)" + old + "}"),
              R"({"m":"x","a":"x"})");
}

}  // namespace
}  // namespace millrace
