#include "plugins/filters/kv.h"

#include <gtest/gtest.h>

#include "plugins/filters/char_class.h"
#include "plugins/filters/kv_scanner.h"
#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

/// `key=value;` for each pair.
std::string pairs(const KvSyntax& syntax, std::string_view text) {
  auto scanner = KvScanner::create(syntax);
  if (!scanner) return scanner.error().message;
  KvScan scan(*scanner, text);
  std::string out;
  std::string_view key;
  std::string_view value;
  for (;;) {
    const KvScan::Step step = scan.next(key, value);
    if (step == KvScan::Step::end) return out;
    if (step == KvScan::Step::pair) out += std::string(key) + "=" + std::string(value) + ";";
  }
}

struct ScanCase {
  KvSyntax syntax;
  std::string text;
  std::string pairs;
};

TEST(KvScanner, FindsPairs) {
  const KvSyntax strict{.lenient = false};
  const std::vector<ScanCase> cases = {
      {{}, "a=1 b=2", "a=1;b=2;"},
      {{}, "  a = 1   b =2", "a=1;b=2;"},
      {{}, "a=1 c b=2", "a=1;b=2;"},
      {{}, "no pairs here", ""},
      {{}, "=1 a=", "a=;"},
      {{}, "a= b=2", "a=b=2;"},
      {strict, "a= b=2", "a=;b=2;"},
      {strict, "a = 1 b=2", "b=2;"},
      {{}, R"(a="x y" b='u v' c=(m n) d=[o p] e=<q r>)", "a=x y;b=u v;c=m n;d=o p;e=q r;"},
      {{.brackets = false}, "c=(m n) d=1", "c=(m;d=1;"},
      {{}, R"(a="x y"z b=1)", R"(a="x;b=1;)"},
      {{}, R"(a="x b=1)", R"(a="x;b=1;)"},
      {{}, R"(a="" b=1)", "a=;b=1;"},
      {{}, "a=\"x\"\nb=1", "a=x;\nb=1;"},
      {{}, "a=1\nb=2", "a=1\nb=2;"},
      {{}, R"(a\ b=c\ d e=1)", R"(a\ b=c\ d;e=1;)"},
      {{.field_split = "&?"}, "http://x?a=1&b=2 3", "a=1;b=2 3;"},
      {{.field_split = "\\t;"}, "a=1\tb=2;c=3", "a=1;b=2;c=3;"},
      {{.field_split = "\xE2\x94\x82"},
       "a=1\xE2\x94\x82"
       "b=\xC3\xBC",
       "a=1;b=\xC3\xBC;"},
      {{.field_split = ",", .value_split = ":="}, "a:1,b=2,c:=3", "a=1;b=2;c==3;"},
      {{.field_split = ",", .value_split = " "}, "a 1,b  2", "a=1;b=2;"},
      {{.field_split = ",", .value_split = " "}, "a\\ 1", "a\\=1;"},
      {{.field_split_pattern = "__", .value_split_pattern = "::"},
       "a::x y__b::\"q\"__c",
       "a=x y;b=q;"},
      {{.field_split_pattern = "; *(?=k)|;$", .value_split_pattern = ": +"},
       "k1: a; b; k2: c;",
       "k1=a; b;k2=c;"},
      {{.value_split_pattern = "->"}, "a->1\nb -> 2", "a=1;b=2;"},
      {{.field_split_pattern = ","}, "x,a=1,,b=2", "a=1;b=2;"},
      {{.field_split_pattern = ","},
       "a=\"x,b=\"y\"z,c=(1,d=(2)3,e=4",
       "a=\"x;b=\"y\"z;c=(1;d=(2)3;e=4;"},
  };
  for (const ScanCase& c : cases) EXPECT_EQ(pairs(c.syntax, c.text), c.pairs) << c.text;
}

TEST(KvScanner, TakesLinearTimeOnHostileText) {
  const std::vector<std::string> pieces = {"a=(x ", "a=\"x ", "a\\ ", "=",
                                           "a ",    "a=<",    "\\ ",  "a=<,b=\"c\"d,"};
  for (const std::string& piece : pieces) {
    std::string text;
    while (text.size() < 2'000'000) text += piece;
    pairs({}, text);
    pairs({.value_split = " "}, text);
    pairs({.field_split_pattern = "[,;]"}, text);
  }
}

TEST(CharClass, ReadsWhatStandsBetweenBrackets) {
  struct Case {
    std::string set, in, out;
  };
  const std::vector<Case> cases = {
      {"a-c", "abc", "d-"},     {"-a", "-a", "b"},  {"a\\-c", "a-c", "b"}, {"\\s", " \t\n", "s\\"},
      {"\\d\\]", "09]", "a\\"}, {"^a", "bc^", "a"}, {"\\\\", "\\", "a"},   {"<>,", "<>,", ";"},
  };
  for (const Case& c : cases) {
    const auto set = CharClass::parse(c.set);
    ASSERT_TRUE(set) << c.set;
    for (std::size_t i = 0; i < c.in.size(); ++i) EXPECT_EQ(set->match(c.in, i), 1u) << c.set << i;
    for (std::size_t i = 0; i < c.out.size(); ++i) EXPECT_EQ(set->match(c.out, i), 0u) << c.set;
    EXPECT_EQ(set->match("", 0), 0u);
  }
  const auto wide = CharClass::parse("\xC3\xA4-\xC3\xBC");
  EXPECT_EQ(wide->match("\xC3\xB6", 0), 2u);
  EXPECT_EQ(wide->match("\xC3\x9F", 0), 0u);
  EXPECT_FALSE(CharClass::parse("z-a"));
  EXPECT_FALSE(CharClass::parse("\\q"));
}

struct FilterCase {
  std::string options;
  std::string event;
  std::string expected;
};

TEST(KvFilter, SetsWhatItFinds) {
  const std::vector<FilterCase> cases = {
      {"", R"({"message":"a=1 b=2"})", R"({"message":"a=1 b=2","a":"1","b":"2"})"},
      {"", R"({"message":"nothing"})", R"({"message":"nothing"})"},
      {"", R"({"message":5})", R"({"message":5})"},
      {"", R"({"message":["a=1","a=2 b=3"]})",
       R"({"message":["a=1","a=2 b=3"],"a":["1","2"],"b":"3"})"},
      {"source => 'ss' target => 'tt'", R"({"ss":"a=1"})", R"({"ss":"a=1","tt":{"a":"1"}})"},
      {"source => 'ss' target => 'ss'", R"({"ss":"a=1"})", R"({"ss":{"a":"1"}})"},
      {"source => 'ss'", R"({"ss":"[x][y]=1"})", R"({"ss":"[x][y]=1","x":{"y":"1"}})"},
      {"source => 'ss'", R"({"ss":"[x=1 a=2"})",
       R"({"ss":"[x=1 a=2","a":"2","tags":["_kv_filter_error"]})"},
      {"source => 'ss'", R"({"ss":"@timestamp=1"})",
       R"({"ss":"@timestamp=1","tags":["_kv_filter_error"]})"},
      {"source => 'ss' prefix => 'p_%{i}_'", R"({"ss":"a=1","i":7})",
       R"({"ss":"a=1","i":7,"p_7_a":"1"})"},
      {"source => 'ss' include_keys => ['%{k}']", R"({"ss":"a=1 b=2","k":"b"})",
       R"({"ss":"a=1 b=2","k":"b","b":"2"})"},
      {"source => 'ss' exclude_keys => ['a']", R"({"ss":"a=1 b=2"})",
       R"({"ss":"a=1 b=2","b":"2"})"},
      {"source => 'ss' default_keys => { 'a' => 'x' 'b' => 7 }", R"({"ss":"a=1"})",
       R"({"ss":"a=1","a":"1","b":7})"},
      {"source => 'ss' default_keys => { 'a' => 'x' }", R"({})", R"({"a":"x"})"},
      {"source => 'ss' allow_empty_values => true whitespace => strict", R"({"ss":"a= b=2"})",
       R"({"ss":"a= b=2","a":"","b":"2"})"},
      {"source => 'ss' allow_duplicate_values => false", R"({"ss":"a=foo a=foo a=fo a=x"})",
       R"({"ss":"a=foo a=foo a=fo a=x","a":["foo","x"]})"},
      {"source => 'ss' trim_key => '<>' trim_value => ','", R"({"ss":"<a>=,1,2,"})",
       R"({"ss":"<a>=,1,2,","a":"1,2"})"},
      {R"(source => 'ss' field_split => '&' trim_value => ' \n,')",
       R"({"ss":"a= 1 \n, 2\n3 4 ,\n&b=,\n"})",
       R"({"ss":"a= 1 \n, 2\n3 4 ,\n&b=,\n","a":"1\n2\n3 4","b":""})"},
      {"source => 'ss' remove_char_key => '<>' remove_char_value => ','", R"({"ss":"<a>b=,1,2,"})",
       R"({"ss":"<a>b=,1,2,","ab":"12"})"},
      {"source => 'ss' transform_key => uppercase transform_value => capitalize",
       R"({"ss":"a=xY"})", R"({"ss":"a=xY","A":"Xy"})"},
      {"source => 'ss' recursive => true", R"({"ss":"a=<b=1 c='d=2'> e=[f=x]"})",
       R"({"ss":"a=<b=1 c='d=2'> e=[f=x]","a":{"b":"1","c":{"d":"2"}},"e":{"f":"x"}})"},
  };
  for (const FilterCase& c : cases) {
    const MadeFilter filter(kv_filter(), "kv { " + c.options + " }");
    ASSERT_NE(filter.made, nullptr) << filter.messages();
    EXPECT_EQ(filtered(*filter.made, {c.event}).events, Texts{c.expected}) << c.options;
  }
}

TEST(KvFilter, BoundsRecursion) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "a=";
  const MadeFilter filter(kv_filter(), "kv { recursive => true }");
  const Filtered out = filtered(*filter.made, {"{\"message\":\"" + text + "b\"}"});
  EXPECT_EQ(out.matched.size(), 1u);
}

TEST(KvFilter, GivesUpWhereAPatternLooksAtTheSameBlanksAgainAndAgain) {
  const std::string text = "a=\\n" + std::string(500'000, ' ') + "x";  // without an end some hours
  const MadeFilter filter(kv_filter(),
                          "kv { field_split_pattern => '[ ]+' value_split_pattern => '=' "
                          "timeout_millis => 20 }");
  const Filtered out = filtered(*filter.made, {"{\"message\":\"" + text + "\"}"});
  EXPECT_TRUE(out.matched.empty());
  EXPECT_NE(out.events.front().find("\"_kv_filter_timeout\""), std::string::npos);
}

TEST(KvFilter, RefusesWhatMakesNoSense) {
  for (const char* text :
       {"value_split => ''", "field_split => ''", "field_split_pattern => ''",
        "value_split_pattern => '('", "field_split => 'z-a'", "transform_key => upper",
        "whitespace => none", "target => '[a'", "timeout_millis => -1"}) {
    const MadeFilter filter(kv_filter(), "kv { " + std::string(text) + " }");
    EXPECT_EQ(filter.made, nullptr) << text;
    EXPECT_TRUE(filter.reading.diagnostics.has_errors()) << text;
  }
}

}  // namespace
}  // namespace millrace
