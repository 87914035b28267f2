#include "pipeline/regex/regex.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pipeline/regex/ruby_regex.h"

namespace millrace {
namespace {

struct ReplaceCase {
  std::string expression;
  std::string replacement;
  std::string text;
  std::string result;
  bool linear;
};

TEST(Regex, ReplacesAsRubyDoes) {
  const std::vector<ReplaceCase> cases = {
      {"/", "_", "a/b/c", "a_b_c", true},
      {R"([\\?#-])", ".", R"(a\b?c#d-e)", "a.b.c.d.e", true},
      {R"((\w+) (\w+))", R"(\2 \1)", "one two", "two one", true},
      {"(?<first>a)(?<second>b)", R"(\k<second>\k<first>)", "ab", "ba", true},
      {"(?<name>a)(b)", R"([\1][\2])", "ab", "[][]", true},  // no numbers beside names
      {"(?<name>a)(b)", R"([\k<name>][\0])", "ab", "[a][ab]", true},
      {R"(\b)", "|", "\u00e9a b", "|\u00e9a| |b|", false},
      {R"(\B)", "|", "a\u00e9 b", "a|\u00e9 b", false},
      {R"(\b\w+|[^\W\d]\b|[\D])", "-", "\u00e9a 1b", "----", false},
      {R"(\\b)", "-", R"(a\b)", "a-", true},
      {"a{,2}", "-", "aaab", "---b-", true},
      {"a{,}", "-", "a{,}", "-", true},
      {"[[:^alpha:]]", "-", "a\u00e91", "a\u00e9-", true},
      {"[^[:^alpha:]]", "-", "a\u00e91", "--1", true},
      {"[[:graph:]]+", "-", "a\u00e9\u00a0\u0663", "-\u00a0-", true},
      {"[[:print:]]+", "-", "a\u00e9\u00a0\u0663\n", "-\n", true},
      {"b", R"([\0][\&][\`][\'][\\])", "abc", R"(a[b][b][a][c][\]c)", true},
      {"b", R"(\q\)", "abc", R"(a\q\c)", true},
      {R"(\h+)", "#", "xyz beef", "xyz #", true},
      {R"([\h]{2}\H)", "#", "beg", "#", true},
      {R"([\s,]+)", ";", "a ,\v\n b", "a;b", true},
      {R"(\S+)", "-", "ab\vc", "-\v-", true},
      {R"(\v)", "-", "a\vb\n", "a-b\n", true},
      {R"(\u00e9|\u{e8})", "e", "\u00e9\u00e8", "ee", true},
      {R"(\y\j)", "-", "yj", "-", true},
      {"x*", "-", "abc", "-a-b-c-", true},
      {"x*", "-", "\u00e9x", "-\u00e9--", true},
      {"b*", "-", "abc", "-a--c-", true},
      {"$", "!", "a\nb", "a!\nb!", true},
      {"^", "> ", "a\nb\n", "> a\n> b\n", false},
      {R"(a\Z)", "-", "a\na\n", "a\n-\n", false},
      {"(?m)a.b", "-", "a\nb", "-", true},
      {"a.b", "-", "a\nb", "a\nb", true},
      {"(?i-m:AB)", "-", "ab", "-", true},
      {R"((a)\1)", "-", "aab", "-b", false},
      {"a(?=b)", "-", "abac", "-bac", false},
      {"(?<!a)b", "-", "abcb", "abc-", false},
      {"(?>a+)b", "-", "aab", "-", false},
      {"[a[bc]d]+", "-", "xabcdx", "x-x", true},
      {"[]x]", "-", "a]x", "a--", true},
      {"[[:digit:]]", "-", "a1", "a-", true},
      {"a|b", "-",
       "\xff"
       "ab\xfe",
       "\xff--\xfe", true},
  };
  for (const ReplaceCase& c : cases) {
    const auto regex = Regex::compile(c.expression);
    ASSERT_TRUE(regex) << regex.error().message;
    Buffer out;
    const bool any = regex->replace_all(c.text, c.replacement, out);
    EXPECT_EQ(any ? std::string(out.view()) : c.text, c.result) << c.expression;
    EXPECT_EQ(regex->is_linear(), c.linear) << c.expression;
  }
}

TEST(Regex, FindsFromAPlaceOn) {
  for (const char* expression : {"ab", "ab(?=)"}) {
    const auto regex = Regex::compile(expression);
    ASSERT_TRUE(regex);
    EXPECT_EQ(regex->find("xabab", 0)->begin, 1u);
    EXPECT_EQ(regex->find("xabab", 2)->begin, 3u);
    EXPECT_EQ(regex->find("xabab", 2)->end, 5u);
    EXPECT_FALSE(regex->find("xabab", 4));
    EXPECT_FALSE(regex->find("xabab", 9));
    EXPECT_FALSE(regex->find({}, 0));
  }
}

TEST(Regex, MatchesWhatRubyDoes) {
  const struct {
    const char* expression;
    const char* text;
    bool matches;
  } cases[] = {
      {"b", "abc", true},
      {"^b", "a\nb", true},
      {"a.b", "a\nb", false},
      {"(?m)a.b", "a\nb", true},
      {R"(\Aab\Z)", "ab\n", true},
      {R"(\h)", "g", false},
      {"a(?!b)", "ab", false},
      {"[[:upper:]]", "a\xC3\x89", true},
      {"^[[:alpha:]_]+$", "\xC3\xA9t\xC3\xA9_", true},
      {"[[:punct:]]", "+", true},
      {"[^[:digit:]]", "12", false},
      {R"(\w)", "\xC3\xA9", false},
  };
  for (const auto& test : cases) {
    const auto regex = Regex::compile(test.expression);
    ASSERT_TRUE(regex) << test.expression;
    EXPECT_EQ(regex->matches(test.text), test.matches) << test.expression;
  }
}

TEST(Regex, SaysWhereAnExpressionIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"(abc", "at character 4"},
      {R"(\h\h+[z-a]x)", "at character 9"},  // counted as written, not as translated
      {"a&&[b&&c]", "intersection of sets is not supported at character 6"},
      {"[a[^b]]", "negated set inside a set is not supported at character 3"},
      {R"([\H])", R"(`\H` inside a set is not supported at character 2)"},
      {R"(\u12)", "without its digits at character 1"},
      {R"(\u{12)", "without its digits at character 1"},
      {"[[:digit]", "`[:` without `:]` at character 2"},
      {"\xff", "UTF-8"},
      {"(?<n", "at character 4"},
      {R"(\)", "at character 1"},
  };
  for (const auto& [expression, message] : cases) {
    const auto regex = Regex::compile(expression);
    ASSERT_FALSE(regex) << expression;
    EXPECT_NE(regex.error().message.find(message), std::string::npos) << regex.error().message;
  }
}

TEST(Regex, GivesUpOnTextsThatWouldHangIt) {
  const auto regex = Regex::compile(R"(^(?:(?=a)a+)+$)");
  ASSERT_TRUE(regex);
  EXPECT_FALSE(regex->find(std::string(10'000, 'a') + "b"));
  EXPECT_EQ(regex->matches(std::string(10'000, 'a') + "b"), std::nullopt);
}

TEST(RubyRegex, RemembersNoMoreOfOpenNamesThanThereIs) {
  std::string expression;
  for (int i = 0; i < 1'000; ++i) expression += "(?<";
  const auto ruby = translate_ruby_regex(expression + ">");
  ASSERT_TRUE(ruby);
  std::size_t bytes = 0;
  for (const auto& [name, group] : ruby->names) bytes += name.size();
  EXPECT_LE(bytes, expression.size());
}

}  // namespace
}  // namespace millrace
