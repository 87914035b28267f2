#include "pipeline/config/parser.h"

#include <gtest/gtest.h>

#include "tests/unit/pipeline/config/reading.h"

namespace millrace::config {
namespace {

std::string option_text(const std::string& value, const ReadingOptions& options = {}) {
  const Reading reading = read("filter { p { o => " + value + " } }", options);
  EXPECT_EQ(reading.messages(), "") << value;
  if (reading.diagnostics.has_errors()) return "";
  return show(reading.plugin(0, 0).attributes.at(0).value);
}

TEST(ConfParser, ReadsEveryKindOfValue) {
  EXPECT_EQ(option_text("word"), "word");
  EXPECT_EQ(option_text("\"it's\""), "\"it's\"");
  EXPECT_EQ(option_text("'say \"x\"'"), "\"say \"x\"\"");
  EXPECT_EQ(option_text("-12.50"), "-12.50");
  EXPECT_EQ(option_text("5."), "5.");
  EXPECT_EQ(option_text("[]"), "[]");
  EXPECT_EQ(option_text("[1, \"b\", [cc]]"), "[1, \"b\", [cc]]");
  EXPECT_EQ(option_text("{}"), "{}");
  EXPECT_EQ(option_text("{ \"a\" => 1 bb => \"2\" 3 => {} }"),
            "{ \"a\" => 1 \"bb\" => \"2\" \"3\" => {} }");
  EXPECT_EQ(option_text("json { charset => \"UTF-8\" }"), "json { ... }");
}

TEST(ConfParser, AllowsCommentsBetweenAnyTwoWords) {
  const Reading reading = read(
      "# a\nfilter # b\n{ # c\n mutate # d\n{ # e\n add_tag # f\n => # g\n [ # h\n \"x\" # i\n , # "
      "j\n yy ]\n }\n} # k");
  EXPECT_EQ(reading.messages(), "");
  EXPECT_EQ(show(reading.plugin(0, 0).attributes.at(0).value), "[\"x\", yy]");
}

TEST(ConfParser, KeepsSectionsInWrittenOrderAndRepeatedOptions) {
  const Reading reading = read(
      "output { a { } } input { b { } } filter { 'c' { x => 11 \"x\" => 22 } } input { d { } }");
  EXPECT_EQ(reading.messages(), "");
  ASSERT_EQ(reading.config.sections.size(), 4U);
  EXPECT_EQ(reading.config.sections[0].kind, SectionKind::output);
  EXPECT_EQ(reading.config.sections[3].statements.at(0).plugin()->name, "d");
  EXPECT_EQ(reading.plugin(2, 0).name, "c");
  EXPECT_EQ(reading.plugin(2, 0).attributes.size(), 2U);
}

TEST(ConfParser, KnowsThePlaceOfEveryNode) {
  const std::string text = "filter {\n  grok { match => { \"message\" => \"%{X}\" } }\n}";
  const Reading reading = read(text);
  const Plugin& grok = reading.plugin(0, 0);
  EXPECT_EQ(reading.sources.describe(grok.span), "test.conf:2:3");
  EXPECT_EQ(reading.sources.text(grok.full_span), "grok { match => { \"message\" => \"%{X}\" } }");
  const HashEntry& entry = grok.attributes.at(0).value.entries.at(0);
  EXPECT_EQ(reading.sources.text(entry.key_span), "\"message\"");
  EXPECT_EQ(reading.sources.text(entry.value.span), "\"%{X}\"");
  EXPECT_EQ(reading.sources.describe(entry.value.span), "test.conf:2:34");
}

TEST(ConfParser, ResolvesEscapesOnlyWhenAsked) {
  const std::string written = R"("a\"b\n\t\\\0\q")";
  EXPECT_EQ(option_text(written), R"("a\"b\n\t\\\0\q")");
  const Reading reading = read("filter { p { o => " + written + " } }", {.support_escapes = true});
  const std::string expected{"a\"b\n\t\\\0\\q", 9};
  EXPECT_EQ(reading.plugin(0, 0).attributes.at(0).value.text, expected);
}

TEST(ConfParser, ReplacesVariablesInStringsKeysAndConditions) {
  const ReadingOptions options{.variables = {{"A", {"one", false}}, {"K", {"hidden", true}}}};
  const Reading reading =
      read("filter { if [x] == \"${A}\" { p { o => { \"${A}\" => \"<${K}>\" } } } }", options);
  EXPECT_EQ(reading.messages(), "");
  const Clause& clause = reading.config.sections.at(0).statements.at(0).branch()->clauses.at(0);
  EXPECT_EQ(clause.condition->right.text, "one");
  const HashEntry& entry = clause.body.at(0).plugin()->attributes.at(0).value.entries.at(0);
  EXPECT_EQ(entry.key, "one");
  EXPECT_EQ(entry.value.text, "<hidden>");
  EXPECT_EQ(show(entry.value), "<password>");
}

struct ConditionCase {
  const char* written;
  const char* shape;
};

TEST(ConfParser, ReadsConditions) {
  constexpr ConditionCase kCases[] = {
      {"[a]", "[a]"},
      {"![a]", "(! [a])"},
      {"! ([a] == 1)", "(! (== [a] 1))"},
      {"[a][b c][@d] == 'x'", "(== [a][b c][@d] \"x\")"},
      {"[a] and [b] or [c] and [d]", "(or (and [a] [b]) (and [c] [d]))"},
      {"[a] or [b] or [c]", "(or [a] [b] [c])"},
      {"[a] or [b] xor [c] nand [d]", "(nand (xor (or [a] [b]) [c]) [d])"},
      {"[a] nand [b] nand [c]", "(nand (nand [a] [b]) [c])"},
      {"([a] or [b]) and [c]", "(and (or [a] [b]) [c])"},
      {"\"x\" in [tags]", "(in \"x\" [tags])"},
      {"[a] not  in [\"x\", 5]", "(not in [a] [\"x\", 5])"},
      {"[a] in []", "(in [a] [])"},
      {"[a] =~ /a\\/b/", "(=~ [a] /a/b/)"},
      {"[a] !~ \"x\\.\"", "(!~ [a] \"x\\.\")"},
      {"[a]<=-1.5", "(<= [a] -1.5)"},
      {"7 == 7", "(== 7 7)"},
      {"\"\"", "\"\""},
      {"[a] # why\n or # not\n [b]", "(or [a] [b])"},
  };
  for (const ConditionCase& c : kCases) {
    const Reading reading = read("filter { if " + std::string(c.written) + " { } }");
    EXPECT_EQ(reading.messages(), "") << c.written;
    if (reading.diagnostics.has_errors()) continue;
    const Branch* branch = reading.config.sections.at(0).statements.at(0).branch();
    EXPECT_EQ(shape(*branch->clauses.at(0).condition), c.shape);
  }
}

TEST(ConfParser, ReadsBranchesAndPluginsWhoseNamesBeginLikeThem) {
  const Reading reading = read("filter { if[a]{ x{} }else if [b] { } else{ y{} z{} } iffy { } }");
  EXPECT_EQ(reading.messages(), "");
  const Branch* branch = reading.config.sections.at(0).statements.at(0).branch();
  ASSERT_EQ(branch->clauses.size(), 3U);
  EXPECT_TRUE(branch->clauses[1].condition.has_value());
  EXPECT_FALSE(branch->clauses[2].condition.has_value());
  EXPECT_EQ(branch->clauses[2].body.size(), 2U);
  EXPECT_EQ(reading.plugin(0, 1).name, "iffy");
}

struct ErrorCase {
  const char* text;
  const char* place;    // "line:column"
  const char* message;  // a part of what is said
};

TEST(ConfParser, ExplainsWhatIsWrong) {
  constexpr ErrorCase kCases[] = {
      {"filter { if [a] = 1 { } }", "1:17", "write `==` to compare"},
      {"filter { if [a] && [b] { } }", "1:17", "write `and`"},
      {"filter { if [a] || [b] { } }", "1:17", "write `or`"},
      {"filter { if [a] { } elsif [b] { } }", "1:21", "write `else if`"},
      {"filter { if [a] { } else { } else { } }", "1:30", "`else` comes last, and once"},
      {"filter { else { } }", "1:10", "there is no `if` that it belongs to"},
      {"filter { if not [a] { } }", "1:13", "`not` is only a part of `not in`"},
      {"filter { if !\"a\" { } }", "1:14", "put what is negated in parentheses"},
      {"filter { if [[a][b]] { } }", "1:13", "write [a][b]"},
      {"filter { if message == 1 { } }", "1:13", "a field is written [message]"},
      {"filter { if ([a] { } }", "1:18", "the parenthesis opens at test.conf:1:13"},
      {"filter { if /x/ { } }", "1:13", "stands only after =~"},
      {"filter { if [a] =~ 5 { } }", "1:20", "a regular expression such as"},
      {"filter { if [a] =~ /x { } }", "1:20", "this regular expression is never closed"},
      {"filter { p { o \"x\" } }", "1:16", "expected: `=>`"},
      {"filter { p { o = \"x\" } }", "1:16", "write `=>` in place of `=`"},
      {"filter { p { o: \"x\" } }", "1:15", "write `=>` in place of `:`"},
      {"filter { p { o => } }", "1:19", "expected: a value"},
      {"filter { p { o => a } }", "1:19", "at least two characters; write \"a\""},
      {"filter { p { o => 10mb } }", "1:21", "put texts such as \"10mb\" in quotes"},
      {"filter { p { o => a-b } }", "1:19", "only letters, digits and _; write \"a-b\""},
      {"filter { p { o => [\"a\" \"b\"] } }", "1:24", "expected: `,` or `]`"},
      {"filter { p { o => [\"a\",] } }", "1:24", "remove the comma before it"},
      {"filter { p { o => [\"a\" } }", "1:24", "the array begins at test.conf:1:19"},
      {"filter { p { o => { \"a\" => 1, \"b\" => 2 } } }", "1:29", "no commas between the entries"},
      {"filter { p { o => { \"a\" => 1 \"a\" => 2 } } }", "1:30", "key `a` is given twice"},
      {"filter { p { o => \"x\", q => 11 } }", "1:22", "no commas between options"},
      {"filter { p { o => \xE2\x80\x9Cx\xE2\x80\x9D } }", "1:19", "typographic quote"},
      {"filter { p { o => \"${NONE}\" } }", "1:19", "variable `NONE` is not set"},
      {"filter { p { o => \"x } }", "1:19", "this string is never closed"},
      {"filter { p { o => \"x\\\" } }", "1:19", "a backslash before \" keeps it from closing"},
      {"filter { p }", "1:12", "a plugin is written name { ... }"},
      {"filter { o => 1 }", "1:12", "options stand inside a plugin"},
      {"filters { p { } }", "1:1", "did you mean `filter`?"},
      {"mutate { }", "1:1", "plugins and conditions stand inside input, filter or output"},
      {"filter { } }", "1:12", "there is one `}` too many"},
      {"filter { if [a] { p { } }", "1:8", "this `{` of `filter` is never closed"},
      {"input { p { }\nfilter { }", "1:7", "this `{` of `input` is never closed"},
      {"filter { p { o => \"a\"\n if [x] { } }", "1:12", "this `{` of `p` is never closed"},
      {"filter {\n  if [a] {\n    p {\n      o => 11\n  }\n}\n", "1:8",
       "the `}` at test.conf:5:3 was not meant for"},
      {"filter { p { o => \"x\n q => \"y\" } }", "2:9",
       "is the closing quote of test.conf:1:19 missing?"},
  };
  for (const ErrorCase& c : kCases) {
    const Reading reading = read(c.text);
    EXPECT_NE(reading.messages().find(c.message), std::string::npos) << c.text << "\n"
                                                                     << reading.messages();
    EXPECT_NE(reading.messages().find("test.conf:" + std::string(c.place) + ": error"),
              std::string::npos)
        << c.text << "\n"
        << reading.messages();
  }
}

TEST(ConfParser, ReportsEveryErrorOnceAndKeepsWhatIsRight) {
  const Reading reading = read(R"(input { stdin { } }
filter {
  if [a] = "x" { mutate { add_tag => "1" } }
  mutate { add_tag "2" }
  grok { match = { "message" => "x" } tag_on_failure => a }
  drop { }
}
output { stdout { codec => } null { } }
)");
  EXPECT_EQ(reading.diagnostics.error_count(), 5U) << reading.messages();
  ASSERT_EQ(reading.config.sections.size(), 3U);
  EXPECT_EQ(reading.config.sections[1].statements.size(), 4U);
  EXPECT_EQ(reading.plugin(2, 1).name, "null");
}

TEST(ConfParser, RefusesDeepNestingAndLongAlternations) {
  std::string arrays = "filter { p { o => ";
  for (int i = 0; i < 100'000; ++i) arrays += "[";
  EXPECT_NE(read(arrays).messages().find("nested more than 200 levels deep"), std::string::npos);

  std::string ifs = "filter {";
  for (int i = 0; i < 100'000; ++i) ifs += "if [a] {";
  EXPECT_NE(read(ifs).messages().find("nested more than 200 levels deep"), std::string::npos);

  std::string nots = "filter { if ";
  for (int i = 0; i < 100'000; ++i) nots += "!(";
  EXPECT_NE(read(nots).messages().find("nested more than 200 levels deep"), std::string::npos);

  std::string changes = "filter { if [a]";
  for (int i = 0; i < 10'000; ++i) changes += " or [b] xor [c]";
  EXPECT_NE(read(changes).messages().find("changes between or, xor and nand"), std::string::npos);

  std::string wide = "filter { if [a]";
  for (int i = 0; i < 10'000; ++i) wide += " or [b] and [c]";
  EXPECT_EQ(read(wide + " { } }").messages(), "");
}

}  // namespace
}  // namespace millrace::config
