#include "plugins/filters/csv.h"

#include <gtest/gtest.h>

#include "plugins/support/csv.h"
#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

struct FilterCase {
  std::string options;
  std::string row;    // as in a JSON string
  std::string event;  // but for `message`, which comes first
};

TEST(CsvFilter, ReadsRows) {
  const std::string failure = R"("tags":["_csvparsefailure"])";
  const std::vector<FilterCase> cases = {
      {"", R"(a,b c,\"d,e\")", R"("column1":"a","column2":"b c","column3":"d,e")"},
      {"", R"(,\"\",)", R"("column1":null,"column2":"","column3":null)"},
      {"", R"(\"a\"\"b\",\"\"\"\",c)", R"("column1":"a\"b","column2":"\"","column3":"c")"},
      {"", R"(\"a\nb\",c\nd,e)", R"("column1":"a\nb","column2":"c")"},
      {"", R"(a,b\r\nc)", R"("column1":"a","column2":"b")"},
      {"", R"(a\"b,c)", failure},
      {"", R"(\"a\"b,c)", failure},
      {"", R"(a, \"b\")", failure},
      {"", R"(\"a,b)", failure},
      {"", R"(a\nb\rc)", R"("column1":"a")"},
      {"", R"(a\rb\nc)", R"("column1":"a")"},
      {"", "", failure},
      {"skip_empty_rows => true", "", R"("tags":["_csvskippedemptyfield"])"},
      {"separator => '::'", "a:b::c:::d", R"("column1":"a:b","column2":"c","column3":":d")"},
      {"quote_char => '|'", R"(|a,b|,\"c)", R"("column1":"a,b","column2":"\"c")"},
      {"quote_char => '\\x00'", R"(\"a\",b)", R"("column1":"\"a\"","column2":"b")"},
      {"columns => ['x', '[y][z]']", "1,2,3", R"("x":"1","y":{"z":"2"},"column3":"3")"},
      {"columns => ['x'] autogenerate_column_names => false", "1,2", R"("x":"1")"},
      {"skip_empty_columns => true", R"(1,,\"\",4)", R"("column1":"1","column4":"4")"},
      {"target => tt columns => ['x', '[y][z]']", "1,2,3",
       R"("tt":{"x":"1","y":{"z":"2"},"column3":"3"})"},
      {"columns => ['@timestamp']", "1", failure},
  };
  for (const FilterCase& c : cases) {
    const MadeFilter filter(csv_filter(), "csv { " + c.options + " }");
    ASSERT_NE(filter.made, nullptr) << filter.messages();
    const Filtered out = filtered(*filter.made, {"{\"message\":\"" + c.row + "\"}"});
    EXPECT_EQ(out.events, Texts{"{\"message\":\"" + c.row + "\"," + c.event + "}"}) << c.options;
    EXPECT_EQ(out.matched.empty(), c.event.find("tags") != std::string::npos) << c.row;
  }
}

TEST(CsvFilter, ConvertsColumns) {
  struct Case {
    std::string type, text, value;
  };
  const std::vector<Case> cases = {
      {"integer", "42", "42"},
      {"integer", " -7 ", "-7"},
      {"integer", "1_000", "1000"},
      {"integer", "0x1f", "31"},
      {"integer", "010", "8"},
      {"integer", "08", R"("08")"},
      {"integer", "0", "0"},
      {"integer", "12a", R"("12a")"},
      {"integer", "1.5", R"("1.5")"},
      {"integer", "-", R"("-")"},
      {"integer", "--5", R"("--5")"},
      {"integer", "99999999999999999999", "99999999999999999999"},
      {"float", "1.5", "1.5"},
      {"float", "3", "3.0"},
      {"float", "1e3", "1000.0"},
      {"float", "1.", R"("1.")"},
      {"float", "nan", R"("nan")"},
      {"float", "x", R"("x")"},
      {"boolean", " TRUE", "true"},
      {"boolean", "false", "false"},
      {"boolean", "Maybe ", R"("maybe")"},
      {"date_time", "2001-02-03 04:05:06", R"("2001-02-03T04:05:06.000Z")"},
      {"date_time", "2001-02-03T04:05:06+01:00", R"("2001-02-03T03:05:06.000Z")"},
      {"date_time", "2001-02-03 04:05", R"("2001-02-03T04:05:00.000Z")"},
      {"date_time", "2001-02-03 04:05:06.789+01:00", R"("2001-02-03T03:05:06.789Z")"},
      {"date_time", "2001-02-03", R"("2001-02-03T00:00:00.000Z")"},
      {"date_time", "2001", R"("2001")"},
      {"date_time", "2001-2-3", R"("2001-2-3")"},
      {"date_time", " 2001-02-03", R"(" 2001-02-03")"},
      {"date_time", "2001-02-03 04:05Z", R"("2001-02-03 04:05Z")"},
      {"date_time", "2001-02-03 04:05:06+0100", R"("2001-02-03 04:05:06+0100")"},
      {"date_time", "2001-02-03 04:05:06 Z", R"("2001-02-03 04:05:06 Z")"},
      {"date_time", "2001-02-30 04:05:06", R"("2001-02-30 04:05:06")"},
      {"date_time", "Sat Feb 3 04:05:06 2001", R"("2001-02-03T04:05:06.000Z")"},
      {"date_time", "soon", R"("soon")"},
      {"date", "2001-02-03 04:05", R"("2001-02-03 04:05")"},
      {"date", "2001-2-3", R"("2001-2-3")"},
      {"date", "soon", R"("soon")"},
      {"integer", "", "null"},
      {"boolean", "", "null"},
  };
  for (const Case& c : cases) {
    const MadeFilter filter(csv_filter(), "csv { columns => ['aa', 'bb'] convert => { aa => " + c.type + " } }");
    ASSERT_NE(filter.made, nullptr) << filter.messages();
    const std::string message = "{\"message\":\"" + c.text + ",\"";
    EXPECT_EQ(filtered(*filter.made, {message + "}"}).events[0],
              message + ",\"aa\":" + c.value + ",\"bb\":null}")
        << c.type;
  }
}

TEST(CsvFilter, TakesNamesFromTheFirstRow) {
  const MadeFilter filter(csv_filter(),
                          "csv { autodetect_column_names => true convert => { bb => integer } }");
  const Filtered out = filtered(*filter.made, {R"({"message":"aa,,bb"})", R"({"message":"1,2,3"})",
                                               R"({"message":"aa,,bb"})"});
  EXPECT_EQ(out.events, (Texts{R"({"message":"1,2,3","aa":"1","column2":"2","bb":3})",
                               R"({"message":"aa,,bb","aa":"aa","column2":null,"bb":"bb"})"}));
  EXPECT_EQ(out.matched, (Selection{1, 2}));
}

TEST(CsvFilter, DropsHeadersWhereItIsAskedTo) {
  const MadeFilter filter(csv_filter(), "csv { skip_header => true columns => ['aa', 'bb'] }");
  const Filtered out = filtered(*filter.made, {R"({"message":"aa,bb"})", R"({"message":"aa,b"})",
                                               R"({"other":1})", R"({"message":"\"aa\",bb\n"})"});
  EXPECT_EQ(out.events,
            (Texts{R"({"message":"aa,b","aa":"aa","bb":"b"})", R"({"other":1})"}));
  EXPECT_EQ(out.matched, Selection{1});
}

TEST(CsvFilter, RefusesWhatMakesNoSense) {
  for (const std::string& text : Texts
       {"quote_char => ''", "quote_char => 'ab'", "separator => ''", "convert => { aa => int }",
        "columns => ['[a']", "target => '[a'", "source => ''"}) {
    const MadeFilter filter(csv_filter(), "csv { " + text + " }");
    EXPECT_EQ(filter.made, nullptr) << text;
    EXPECT_TRUE(filter.reading.diagnostics.has_errors()) << text;
  }
}

}  // namespace
}  // namespace millrace
