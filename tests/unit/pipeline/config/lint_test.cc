#include "pipeline/config/lint.h"

#include <gtest/gtest.h>

#include "tests/unit/pipeline/config/reading.h"

namespace millrace::config {
namespace {

/// `open` may set anything, `drop` ends events, all others set what their options say, and
/// `message`.
Effects effects(SectionKind, const Plugin& plugin) {
  const bool open = plugin.name == "open";
  return {.any_tag = open,
          .any_field = open,
          .fields = {"message"},
          .ends_event = plugin.name == "drop"};
}

std::string warnings(const std::string& text) {
  const Reading reading = read(text);
  EXPECT_EQ(reading.messages(), "") << text;
  Diagnostics found;
  lint(reading.config, effects, found);
  EXPECT_FALSE(found.has_errors());
  return found.render(reading.sources, false);
}

struct Case {
  const char* text;
  const char* message;  // "": nothing is said
};

TEST(Lint, WarnsOfWhatCannotBeMeant) {
  constexpr Case kCases[] = {
      {"filter { if [message] { a { } } else { b { } } }", ""},
      {"filter { if 1 == 1 { a { } } else { b { } } }",
       "1:30: warning: this branch is never reached"},
      {"filter { if 5 == 7 { a { } } }", "1:13: warning: this condition is always false"},
      {"filter { if [message] and 5 == 7 { a { } } }", "always false"},
      {"filter { if [message] or \"\" { a { } } }", "always true"},
      {"filter { if !(1 > 2) xor 2 > 1 { a { } } }", "always false"},
      {"filter { if \"a\" in \"abc\" { a { } } }", "always true"},
      {"filter { if \"x\" not in [\"a\", \"b\"] { a { } } }", "always true"},
      {"filter { if \"5\" == 5 { a { } } }", "a string and a number are never equal"},
      {"filter { if [message] == 1 { a { } } else if [message] == 1 { b { } } }",
       "an earlier branch has the same condition"},
      {"filter { if [message] == 1 { a { } } else if [message] == 2 { b { } } }", ""},
      {"filter { drop { } a { } }", "1:19: warning: no event reaches this"},
      {"filter { if [message] { drop { } } a { } }", ""},
      {"filter { if [tags] == \"x\" { a { } } }", "write \"x\" in [tags]"},
      {"filter { if [@version] == 1 { a { } } }", "write \"1\""},
      {"filter { if [message] in [\"x\"] { a { } } }", "is read as the name of a field"},
      {"filter { a { add_tag => \"seen\" } if \"seen\" in [tags] { b { } } }", ""},
      {"filter { a { add_tag => \"seen\" } if \"sene\" in [tags] { b { } } }",
       "nothing adds the tag `sene`"},
      {"filter { open { add_tag => \"seen\" } if \"sene\" in [tags] { b { } } }",
       "did you mean `seen`?"},
      {"filter { open { } if \"other\" in [tags] { b { } } }", ""},
      {"filter { a { } if \"other\" in [tags] { b { } } }", "nothing adds the tag `other`"},
      {"filter { a { add_tag => \"%{x}\" } if \"other\" in [tags] { b { } } }", ""},
      {"filter { a { copy => { \"x\" => \"tags\" } } if \"other\" in [tags] { b { } } }", ""},
      {"filter { a { add_field => { \"%{x}\" => \"y\" } } if [status] { b { } } }", ""},
      {"filter { a { } if \"_grokparsefailure\" in [tags] { b { } } }", ""},
      {"input { a { tags => [\"in\"] } } filter { if \"in\" in [tags] { b { } } }", ""},
      {"filter { if [status] { a { } } }", "nothing sets the field [status]"},
      {"filter { open { } if [status] { a { } } }", ""},
      {"filter { a { rename => { \"x\" => \"[status][code]\" } } if [status] { a { } } }", ""},
      {"filter { if [@metadata][x] { a { } } }", ""},
      {"filter { a { rename => { \"x\" => \"y\" \"y\" => \"z\" } } }",
       "another entry of `rename` concerns `[y]` as well"},
      {"filter { a { replace => { \"x\" => \"1\" \"y\" => \"%{[x]}\" } } }",
       "another entry of `replace` concerns `[x]`"},
      {"filter { a { replace => { \"x\" => \"%{x}!\" \"y\" => \"%{+YYYY}\" } } }", ""},
      {"output { if \"late\" in [tags] { a { } } }", "nothing adds the tag `late`"},
  };
  for (const Case& c : kCases) {
    const std::string found = warnings(c.text);
    if (std::string_view(c.message).empty())
      EXPECT_EQ(found, "") << c.text;
    else
      EXPECT_NE(found.find(c.message), std::string::npos) << c.text << "\n" << found;
  }
}

TEST(Lint, IsBoundedOnHugeConfigurations) {
  std::string text = "filter { a { add_tag => [\"t\"";
  for (int i = 0; i < 5000; ++i) text += ", \"tag" + std::to_string(i) + "\"";
  text += "] } ";
  for (int i = 0; i < 5000; ++i) {
    text += "if \"x" + std::to_string(i) + "\" in [tags] or [f" + std::to_string(i) + "] { } else ";
  }
  text += "if [z] { } }";
  EXPECT_NE(warnings(text).find("more"), std::string::npos);
}

}  // namespace
}  // namespace millrace::config
