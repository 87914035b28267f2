#include <gtest/gtest.h>

#include "grok/grok.h"

namespace grok {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  while (times-- > 0) all += text;
  return all;
}

/// The outcome, and what the first capture took.
struct Found {
  Outcome outcome = Outcome::limit;
  std::string text;
};

Found match(std::string_view expression, std::string_view subject) {
  auto pattern = Pattern::compile(expression, PatternSet());
  EXPECT_TRUE(pattern) << render(pattern.error());
  if (!pattern) return {};
  Pattern::Scratch scratch;
  scratch.set_timeout(std::chrono::milliseconds(5));
  std::vector<Span> spans((*pattern)->captures().size());
  Found found{(*pattern)->match(subject, scratch, spans), {}};
  if (found.outcome == Outcome::match && !spans.empty() && spans[0].begin >= 0)
    found.text = subject.substr(static_cast<std::size_t>(spans[0].begin),
                                static_cast<std::size_t>(spans[0].end - spans[0].begin));
  return found;
}

std::string error_of(std::string_view expression) {
  auto pattern = Pattern::compile(expression, PatternSet());
  return pattern ? "" : pattern.error().message;
}

TEST(BadInput, LinesMayBeEmptyOrLong) {
  EXPECT_EQ(match("^(?<x>)$", "").outcome, Outcome::match);
  EXPECT_EQ(match("(?<x>.)", "").outcome, Outcome::no_match);
  for (const std::size_t mega : {1u, 100u}) {
    const std::string line = std::string(mega << 20, 'a') + " 57 end";
    EXPECT_EQ(match("(?<x>[0-9]+) end$", line).text, "57") << mega << " MiB";
  }
  const std::string quoted = "\"" + std::string(1 << 20, 'a') + "\" rest";
  EXPECT_EQ(match("^\"[^\"]*\" (?<x>.*)$", quoted).text, "rest");
  EXPECT_EQ(match("^(?<x>(?:[a-z]+,)*)$", repeated("word,", 200'000) + "!").outcome,
            Outcome::no_match);
}

TEST(BadInput, BytesThatAreNoUtf8AreCharactersOfNegatedClassesAndTheDot) {
  const std::string line = "a\xFFz";
  EXPECT_EQ(match("a(?<x>.)z", line).text, "\xFF");
  EXPECT_EQ(match("a(?<x>[^b])z", line).text, "\xFF");
  EXPECT_EQ(match("a(?<x>\\W)z", line).text, "\xFF");
  EXPECT_EQ(match("a(?<x>[[:print:]])z", line).text, "\xFF");
  EXPECT_EQ(match("a(?<x>[[:alpha:]])z", line).outcome, Outcome::no_match);
  EXPECT_EQ(match("a(?<x>\\w)z", line).outcome, Outcome::no_match);
  // Of a character that is cut off each byte counts for itself.
  EXPECT_EQ(match("a(?<x>..)z", "a\xE6\x97z").text, "\xE6\x97");
}

TEST(BadInput, NulIsACharacterLikeOthers) {
  const std::string line("a\0b", 3);
  EXPECT_EQ(match("(?<x>a.b)", line).text, line);
  EXPECT_EQ(match("a(?<x>\\x00)b", line).text, std::string(1, '\0'));
}

TEST(BadInput, DeepNestingIsRefusedOrRun) {
  const auto nested = [](std::size_t depth) {
    return repeated("(?:", depth) + "a" + repeated(")", depth);
  };
  EXPECT_EQ(match(nested(100), "a").outcome, Outcome::match);
  for (const std::size_t depth : {1'001u, 100'000u})
    EXPECT_NE(error_of(nested(depth)).find("nested"), std::string::npos) << error_of(nested(depth));
  EXPECT_FALSE(error_of(repeated("[", 1'000)).empty());
}

TEST(BadInput, ImmenseRepeatsAreRefused) {
  EXPECT_FALSE(error_of("a{1000000}").empty());
  EXPECT_FALSE(error_of("(?:(?:(?:a{1000}){1000}){1000}){1000}").empty());
}

TEST(BadInput, ImmensePatternFilesAreRefused) {
  PatternSet set;
  const auto wrong = set.add_file(repeated("NAME definition\n", 640 << 10), "large");
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->message, "large is larger than 4 MiB");
}

}  // namespace
}  // namespace grok
