#include "plugins/filters/grok.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

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
