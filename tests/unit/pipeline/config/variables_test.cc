#include "pipeline/config/variables.h"

#include <gtest/gtest.h>

namespace millrace::config {
namespace {

std::optional<Variable> lookup(std::string_view name) {
  if (name == "A") return Variable{"1", false};
  if (name == "a.b_2") return Variable{"${A}", false};
  if (name == "KEY") return Variable{"s3cret", true};
  if (name == "EMPTY") return Variable{"", false};
  return std::nullopt;
}

struct Case {
  const char* text;
  const char* expected;
};

TEST(Variables, ReplacesNamesAndDefaults) {
  constexpr Case kCases[] = {
      {"plain", "plain"},
      {"", ""},
      {"${A}", "1"},
      {"<${A}${A}>", "<11>"},
      {"${EMPTY}", ""},
      {"${EMPTY:x}", ""},
      {"${NONE:}", ""},
      {"${NONE: }", " "},
      {"${NONE:foo bar}", "foo bar"},
      {"${A:my$val}", "1"},
      {"${NONE:a:b}", "a:b"},
      {"${a.b_2}", "${A}"},  // what a variable holds is not looked at again
      {"foo$bar", "foo$bar"},
      {"${f$$:val}", "${f$$:val}"},
      {"${2A}", "${2A}"},
      {"${}", "${}"},
      {"${A", "${A"},
      {"${A:x", "${A:x"},
      {"${${A}}", "${1}"},
      {"$", "$"},
  };
  for (const Case& c : kCases) {
    Variables variables(lookup);
    const auto replaced = variables.replace(c.text);
    ASSERT_TRUE(replaced) << c.text;
    EXPECT_EQ(replaced->text, c.expected) << c.text;
  }
}

TEST(Variables, NamesTheOneThatIsMissing) {
  Variables variables(lookup);
  const auto replaced = variables.replace("x ${NoSuch} y");
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, Errc::not_found);
  EXPECT_EQ(replaced.error().message, "variable `NoSuch` is not set");
}

TEST(Variables, RemembersThatATextHoldsASecret) {
  Variables variables(lookup);
  EXPECT_TRUE(variables.replace("user:${KEY}")->secret);
  EXPECT_FALSE(variables.replace("${A}")->secret);
}

TEST(Variables, AsksTheKeystoreFirst) {
  const auto keystore = [](std::string_view name) -> std::optional<Variable> {
    if (name == "A") return Variable{"from the keystore", true};
    return std::nullopt;
  };
  Variables variables(either(keystore, lookup));
  EXPECT_EQ(variables.replace("${A} ${EMPTY}")->text, "from the keystore ");
}

TEST(Variables, BoundsWhatTheyAdd) {
  const std::string large(1 << 20, 'x');
  Variables variables([&](std::string_view) { return Variable{large, false}; });
  std::string text;
  for (int i = 0; i < 100; ++i) text += "${A}";
  const auto replaced = variables.replace(text);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, Errc::limit);
}

}  // namespace
}  // namespace millrace::config
