#include "pipeline/config/yaml_reader.h"

#include <gtest/gtest.h>

#include "tests/unit/pipeline/config/reading.h"

namespace millrace::config {
namespace {

Reading read_as_yaml(const std::string& text) {
  return read(text, {.yaml = true, .variables = {{"PORT", {"5044", false}}}});
}

TEST(YamlReader, BuildsTheSameTreeAsConf) {
  const Reading reading = read_as_yaml(R"(
input:
  - beats: { port: 5044, ssl_enabled: true }
  - stdin
filter:
  - grok: { match: { message: "%{COMBINEDAPACHELOG}" } }
  - if: '[http][status] >= 500 and "x" in [tags]'
    then: [ { mutate: { add_tag: [ error ] } } ]
    else: [ { drop: {} } ]
output:
  - elasticsearch:
      hosts: [ "http://localhost:${PORT}" ]
      codec: { json: { charset: UTF-8 } }
)");
  ASSERT_EQ(reading.messages(), "");
  ASSERT_EQ(reading.config.sections.size(), 3U);
  EXPECT_EQ(reading.plugin(0, 0).attributes.at(0).value.kind, ValueKind::number);
  EXPECT_EQ(reading.plugin(0, 0).attributes.at(1).value.kind, ValueKind::bareword);
  EXPECT_EQ(reading.plugin(0, 1).name, "stdin");
  EXPECT_EQ(show(reading.plugin(1, 0).attributes.at(0).value),
            "{ \"message\" => \"%{COMBINEDAPACHELOG}\" }");
  const Branch* branch = reading.config.sections[1].statements.at(1).branch();
  ASSERT_EQ(branch->clauses.size(), 2U);
  EXPECT_EQ(shape(*branch->clauses[0].condition),
            "(and (>= [http][status] 500) (in \"x\" [tags]))");
  EXPECT_EQ(branch->clauses[1].body.at(0).plugin()->name, "drop");
  EXPECT_EQ(show(reading.plugin(2, 0).attributes.at(0).value), "[\"http://localhost:5044\"]");
}

struct ErrorCase {
  const char* text;
  const char* place;
  const char* message;
};

TEST(YamlReader, ReportsErrorsAtTheirLines) {
  constexpr ErrorCase kCases[] = {
      {"filter:\n  - if: '[a] = 1'\n    then: []\n", "2:14", "write `==` to compare"},
      {"filter:\n  - if: \"[a] \\u003d 1\"\n    then: []\n", "2:9", "write `==` to compare"},
      {"filter:\n  - if: '[a]'\n", "2:10", "a branch needs `then:`"},
      {"filter:\n  - if: '[a]'\n    then: []\n    elsif: []\n", "4:5", "unknown key `elsif`"},
      {"filters:\n  - drop\n", "1:1", "did you mean `filter`?"},
      {"filter:\n  grok: {}\n", "2:3", "expected a list of plugins"},
      {"filter:\n  - grok: {}\n    drop: {}\n", "2:5", "each plugin begins with its own `-`"},
      {"filter:\n  - grok: [ 1 ]\n", "2:11", "expected the options of `grok` as a map"},
      {"filter:\n  - grok: { a: 1, a: 2 }\n", "2:19", "key `a` is given twice"},
      {"filter:\n  - grok: { a: }\n", "2:13", "option `a` has no value"},
      {"filter:\n  - p: { a: '${NONE}' }\n", "2:14", "variable `NONE` is not set"},
      {"filter: [\n", "2:1", "not valid YAML"},
      {"- x\n", "1:1", "expected a map"},
  };
  for (const ErrorCase& c : kCases) {
    const Reading reading = read_as_yaml(c.text);
    EXPECT_NE(reading.messages().find(c.message), std::string::npos)
        << c.text << reading.messages();
    EXPECT_NE(reading.messages().find("test.conf:" + std::string(c.place) + ": error"),
              std::string::npos)
        << c.text << reading.messages();
  }
}

TEST(YamlReader, BoundsAliasesAndDepth) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_NE(read_as_yaml(bomb).messages().find("too large once its aliases are replaced"),
            std::string::npos);
  const std::string deep = "filter: " + std::string(300, '[') + std::string(300, ']');
  EXPECT_NE(read_as_yaml(deep).messages().find("nested more than 200 levels deep"),
            std::string::npos);
  EXPECT_TRUE(read_as_yaml("filter: " + std::string(100'000, '[')).diagnostics.has_errors());
  EXPECT_TRUE(read_as_yaml("a: &a [ *a ]").diagnostics.has_errors());
}

}  // namespace
}  // namespace millrace::config
