#include "plugins/filters/dissect.h"

#include <gtest/gtest.h>

#include "plugins/filters/dissect_pattern.h"
#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

struct CutCase {
  std::string pattern;
  std::string message;
  std::string event;  // without `message`; "": no match
};

std::string without_message(std::string event, const std::string& message) {
  const std::string field = "\"message\":\"" + message + "\"";
  const std::size_t at = event.find(field);
  event.erase(at, field.size() + (event[at + field.size()] == ',' ? 1 : 0));
  return event;
}

TEST(DissectFilter, CutsAtDelimiters) {
  const std::vector<CutCase> cases = {
      {"%{a} %{b}", "foo bar", R"({"a":"foo","b":"bar"})"},
      {"[%{a}] %{b}", "[x y] z w", R"({"a":"x y","b":"z w"})"},
      {"[%{a}]", "[x]", R"({"a":"x"})"},
      {"[%{a}]", "[x", ""},
      {"[%{a}]", " [x]", ""},
      {"%{a}%{b}", "x", ""},
      {"%{a},%{},%{?c},%{d}", "1,2,3,4", R"({"a":"1","d":"4"})"},
      {"%{a->} %{b}", "x    y  z", R"({"a":"x","b":"y  z"})"},
      {"%{->}-%{a}", "----x", R"({"a":"x"})"},
      {"%{a->}ab%{b}", "1ababab2ab", R"({"a":"1","b":"2ab"})"},
      {"%{+k/3} %{+k/1} %{+k/2}", "1 2 3", R"({"k":"2 3 1"})"},
      {"%{k}-%{+k}:%{+k}", "1-2:3", R"({"k":"1-2:3"})"},
      {"%{+k} %{k}", "1 2", R"({"k":"2 1"})"},
      {"%{k}=%{&k}", "n=v", R"({"k":"n","n":"v"})"},
      {"%{?k}=%{&k}", "[a][b]=v", R"({"a":{"b":"v"}})"},
      {"%{&k}=%{?k}", "v=n", R"({"n":"v"})"},
      {"%{?k}=%{&k}", "=v", "{}"},
      {"%{&unknown} %{a}", "v x", R"({"a":"x"})"},
      {"%{[a][b]} %{[a][c]}", "1 2", R"({"a":{"b":"1","c":"2"}})"},
      {"%{a}", "0123456789abcdef0123456789", R"({"a":"0123456789abcdef0123456789"})"},
      {"%{a} - %{b}", "0123456789abcdef - 0123456789abcdef",
       R"({"a":"0123456789abcdef","b":"0123456789abcdef"})"},
      {"%{a}<=>%{b}", "a<= >b<=>cccccccccccccccccccccccc",
       R"({"a":"a<= >b","b":"cccccccccccccccccccccccc"})"},
      {"%{a} %{@timestamp}", "x y", ""},
  };
  for (const CutCase& c : cases) {
    const MadeFilter filter(dissect_filter(),
                            "dissect { mapping => { message => '" + c.pattern + "' } }");
    ASSERT_NE(filter.made, nullptr) << filter.messages();
    const Filtered out = filtered(*filter.made, {"{\"message\":\"" + c.message + "\"}"});
    ASSERT_EQ(out.events.size(), 1u);
    EXPECT_EQ(out.matched.size(), c.event.empty() ? 0u : 1u) << c.pattern;
    if (c.event.empty()) {
      EXPECT_NE(out.events[0].find("_dissectfailure"), std::string::npos) << c.pattern;
    } else {
      EXPECT_EQ(without_message(out.events[0], c.message), c.event) << c.pattern;
    }
  }
}

TEST(Delimiter, IsFoundWhereverItStands) {
  for (const std::string& text : Texts{"|", "ab", "abc", "aab", std::string(20, 'x') + "y"})
    for (std::size_t before = 0; before < 70; ++before)
      for (const std::size_t after : {0, 1, 15, 16, 40}) {
        const std::string in =
            std::string(before, text[0] == 'x' ? 'y' : 'a') + text + std::string(after, text[0]);
        const std::string exact(in);  // its own allocation: reading past it is an error
        EXPECT_EQ(Delimiter(text).find(exact, 0), exact.find(text)) << before << " " << after;
        EXPECT_EQ(Delimiter(text).find(exact, before / 2), exact.find(text, before / 2));
      }
  EXPECT_EQ(Delimiter("").find("abc", 0), std::string_view::npos);
}

TEST(DissectFilter, LeavesEventsAloneThatLackTheField) {
  const MadeFilter filter(dissect_filter(), "dissect { mapping => { other => '%{a} %{b}' } }");
  const Filtered out = filtered(*filter.made, {R"({"message":"x"})", R"({"other":""})",
                                               R"({"other":12})", R"({"other":{"x":"1 2"}})"});
  EXPECT_EQ(out.events, (Texts{R"({"message":"x"})", R"({"other":"","tags":["_dissectfailure"]})",
                               R"({"other":12,"tags":["_dissectfailure"]})",
                               R"({"other":{"x":"1 2"},"tags":["_dissectfailure"]})"}));
  EXPECT_TRUE(out.matched.empty());
}

TEST(DissectFilter, ReadsNumbers) {
  const MadeFilter ints(dissect_filter(), "dissect { convert_datatype => { 'n' => int } }");
  const MadeFilter floats(dissect_filter(), "dissect { convert_datatype => { 'n' => float } }");
  struct Case {
    std::string value, as_int, as_float;
  };
  const std::vector<Case> cases = {
      {R"("12.99")", "12", "12.99"},
      {R"("-12.99")", "-12", "-12.99"},
      {R"("+7")", "7", "7.0"},
      {R"(".5")", "0", "0.5"},
      {R"("1e3")", "1000", "1000.0"},
      {R"("125e-1")", "12", "12.5"},
      {R"("007")", "7", "7.0"},
      {R"("9223372036854775808")", "9223372036854775808", "9.223372036854776E18"},
      {R"("-9223372036854775808")", "-9223372036854775808", "-9.223372036854776E18"},
      {"3.7", "3", "3.7"},
      {"1e30", "1000000000000000000000000000000", "1.0E30"},
      {R"("")", "", ""},
      {R"("12 ")", "", ""},
      {R"("1e999999999999")", "", ""},
      {R"("1e-")", "", ""},
      {R"("NaN")", "", ""},
      {"true", "", ""},
      {"[1]", "", ""},
  };
  for (const Case& c : cases) {
    const auto expected = [&](const std::string& number, const std::string& type) {
      if (!number.empty()) return "{\"n\":" + number + "}";
      return "{\"n\":" + c.value + ",\"tags\":[\"_dataconversionuncoercible_n_" + type + "\"]}";
    };
    EXPECT_EQ(filtered(*ints.made, {"{\"n\":" + c.value + "}"}).events[0],
              expected(c.as_int, "int"));
    EXPECT_EQ(filtered(*floats.made, {"{\"n\":" + c.value + "}"}).events[0],
              expected(c.as_float, "float"));
  }
  EXPECT_EQ(filtered(*ints.made, {"{}"}).events[0],
            R"({"tags":["_dataconversionnullvalue_n_int"]})");
}

TEST(DissectFilter, RefusesWhatMakesNoSense) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"mapping => { 'm' => '%{+&a}' }", "both appends and is indirect"},
           {"mapping => { 'm' => '%{&+a}' }", "both appends and is indirect"},
           {"mapping => { 'm' => '%{+a/x}' }", "not a number"},
           {"mapping => { 'm' => 'plain' }", "names no field"},
           {"mapping => { 'm' => '%{[a}' }", "[a"},
           {"convert_datatype => { 'm' => integer }", "did you mean `int`?"}}) {
    const MadeFilter filter(dissect_filter(), "dissect { " + text + " }");
    EXPECT_EQ(filter.made, nullptr) << text;
    EXPECT_NE(filter.messages().find(message), std::string::npos) << filter.messages();
  }
}

}  // namespace
}  // namespace millrace
