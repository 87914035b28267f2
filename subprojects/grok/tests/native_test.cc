#include <gtest/gtest.h>

#include <string>

#include "grok/grok.h"

namespace grok {
namespace {

struct Example {
  const char* expression;
  std::vector<std::string> lines;
};

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::shared_ptr<const Pattern> compile(const char* expression, std::optional<Tier> only) {
  auto pattern =
      Pattern::compile(expression, PatternSet(), {.named_captures_only = true, .only_tier = only});
  EXPECT_TRUE(pattern) << render(pattern.error());
  return pattern ? *pattern : nullptr;
}

/// What each instruction does at the ends of blocks, of lines and of characters.
std::vector<Example> examples() {
  std::vector<Example> list{
      {"(?<a>[0-9]+)-(?<b>[a-f]*)x",
       {"12-abx", "x12-x", "12:-x", "/1-ax", "1-agx", "1-`x",
        "0123456789012345-abcdefabcdefabcdefx"}},
      {"(?<a>\\w+)\\b(?<b>.)", {"word ", "w\xc3\xa4rts!", "a", "\xc3\xa4", ""}},
      {"(?<a>.{3,5})(?<b>.*)z", {"abcz", "abcdefghz", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9fz", "abz"}},
      {"(?<a>[^,]{0,20}),(?<b>.?)",
       {"a,b", std::string(19, 'q') + ",", std::string(21, 'q') + ","}},
      {"(?<a>.*?)end(?<b>\\d?)", {"the end7", "end", "en", "\xe2\x82\xac end"}},
      {"(?:(?<a>x)|(?<b>y)|z)+", {"xyz", "zzz", "yxzzy"}},
      {"(?<a>a|ab)(?<b>c|bcd)(?<c>d*)", {"abcd", "acd", "abcdd"}},
      {"(?:(?<a>a)(?<b>b)|(?<c>a)(?:c))d?", {"ac", "abd", "acd"}},
      {"^(?<a>\\S+)$", {"one\ntwo words\nthree", "\n", "a b"}},
      {"\\A(?<a>.)(?<b>.)?\\z", {"a", "ab", "abc", "\xf0\x9f\x98\x80z"}},
      {"(?<!a)(?<a>b)(?=c|d)",
       {"ab bc", "bd", "abcb",
        "\xc3\xa4"
        "bc"}},
      {"(?i)(?<a>warn(?:ing)?|error)", {"a WARNING b", "Error", "warnin"}},
      {"(?<a>(?:[a-z]+\\.)*)(?<b>[a-z]+)", {"www.example.org", "a..b", "."}},
      {"(?<a>[0-1]?[0-9]{1,2})(?<b>\\.|$)", {"199.", "99", "1", "256."}},
      {"(?<a>a{1,2}\\.?)\\b(?<b>[0-9])", {"a.1", "a1", "aa.1", "aa1"}},
      {"(?<a>abcdefghijklmnop) (?<b>q)", {"abcdefghijklmnop q", "abcdefghijklmnoq q"}},
  };
  for (std::size_t size = 0; size < 40; ++size) {
    list[0].lines.push_back(std::string(size, ' ') + std::string(size, '7') + "-x");
    list[4].lines.push_back(std::string(size, 'e') + "end");
  }
  return list;
}

TEST(Native, SaysWhatTheMatcherAloneSays) {
  for (const Example& example : examples()) {
    const auto usual = compile(example.expression, std::nullopt);
    const auto alone = compile(example.expression, Tier::automaton);
    ASSERT_TRUE(usual && alone);
    Pattern::Scratch scratch;
    for (const std::string& line : example.lines) {
      std::vector<Span> found(usual->captures().size()), expected(found.size());
      const Outcome outcome = usual->match(line, scratch, found);
      ASSERT_EQ(outcome, alone->match(line, scratch, expected)) << example.expression << line;
      if (outcome != Outcome::match) continue;
      for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].begin, expected[i].begin) << example.expression << " on " << line;
        EXPECT_EQ(found[i].end, expected[i].end) << example.expression << " on " << line;
      }
    }
  }
}

TEST(Native, LeavesWhatBacktracksToTheMatcher) {
  const auto pattern = compile("^(?<all>(?:a?){60}a{60})$", std::nullopt);
  Pattern::Scratch scratch;
  Span all;
  EXPECT_EQ(pattern->match(std::string(50, 'a'), scratch, {&all, 1}), Outcome::no_match);
  EXPECT_EQ(pattern->match(std::string(60, 'a'), scratch, {&all, 1}), Outcome::match);
  EXPECT_EQ(all.end, 60);
  EXPECT_EQ(scratch.last_tier(), Tier::automaton);
}

TEST(Native, LeavesWhatNeedsTooManyFramesToTheMatcher) {
  const auto pattern = compile("^(?<all>(?:ab|a|b)*)c", std::nullopt);
  Pattern::Scratch scratch;
  Span all;
  EXPECT_EQ(pattern->match(repeated("ab", 100'000) + "c", scratch, {&all, 1}), Outcome::match);
  EXPECT_EQ(all.end, 200'000);
}

TEST(Native, WritesNoMoreCapturesThanThereIsRoomFor) {
  const auto pattern = compile("(?<a>.)(?<b>.)", std::nullopt);
  Pattern::Scratch scratch;
  std::vector<Span> spans(2);
  EXPECT_EQ(pattern->match("xy", scratch, std::span(spans).first(1)), Outcome::match);
  EXPECT_EQ(spans[0].end, 1);
  EXPECT_EQ(spans[1].begin, -1);
}

}  // namespace
}  // namespace grok
