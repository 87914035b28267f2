#include "pipeline/config/diagnostics.h"

#include <gtest/gtest.h>

namespace millrace::config {
namespace {

TEST(SourceSet, CountsLinesAndCharactersFromOne) {
  SourceSet sources;
  const SourceId id = sources.add("a.conf", "one\r\nzw\xC3\xB6lf x\n\nlast");
  EXPECT_EQ(sources.describe({id, 0, 1}), "a.conf:1:1");
  EXPECT_EQ(sources.describe({id, 12, 13}), "a.conf:2:7");
  EXPECT_EQ(sources.line({id, 12, 13}), "zw\xC3\xB6lf x");
  EXPECT_EQ(sources.line({id, 1, 2}), "one");
  EXPECT_EQ(sources.describe({id, 14, 14}), "a.conf:3:1");
  EXPECT_EQ(sources.describe({id, 9999, 9999}), "a.conf:4:5");
  EXPECT_EQ(sources.describe(Span{}), "");
}

TEST(Diagnostics, ShowsLineCaretExpectationAndHint) {
  SourceSet sources;
  const SourceId id = sources.add("a.conf", "filter {\n\tif [a] = 1 { }\n}");
  Diagnostics diagnostics;
  diagnostics.add(
      {Severity::error, {id, 17, 18}, "unexpected `=`", {"`==`", "`!=`", "`{`"}, "write `==`"});
  EXPECT_EQ(diagnostics.render(sources, false),
            "a.conf:2:9: error: unexpected `=`\n"
            "   if [a] = 1 { }\n"
            "          ^\n"
            "  expected: `==`, `!=` or `{`\n"
            "  hint: write `==`\n");
  EXPECT_NE(diagnostics.render(sources, true).find("\x1b[1;31merror: \x1b[0m"), std::string::npos);
}

TEST(Diagnostics, QuotesNoSecrets) {
  SourceSet sources;
  const SourceId id = sources.add("a.conf", "user => 1 password => \"canary\" x => 2");
  Diagnostics diagnostics;
  diagnostics.conceal({id, 22, 30});
  diagnostics.error({id, 0, 4}, "wrong");
  diagnostics.error({id, 22, 30}, "wrong too");
  EXPECT_EQ(diagnostics.render(sources, false),
            "a.conf:1:1: error: wrong\n"
            "  user => 1 password => \"******\" x => 2\n"
            "  ^~~~\n"
            "a.conf:1:23: error: wrong too\n"
            "  user => 1 password => \"******\" x => 2\n"
            "                        ^~~~~~~~\n");
}

TEST(Diagnostics, OrdersByPlaceAndCountsWhatItDoesNotKeep) {
  SourceSet sources;
  const SourceId id = sources.add("a.conf", "ab");
  Diagnostics diagnostics;
  diagnostics.warning({id, 1, 2}, "second");
  diagnostics.error({id, 0, 1}, "first");
  for (int i = 0; i < 500; ++i) diagnostics.error({id, 1, 2}, "more");
  const std::string shown = diagnostics.render(sources, false);
  EXPECT_LT(shown.find("first"), shown.find("second"));
  EXPECT_EQ(diagnostics.error_count(), 501U);
  EXPECT_NE(shown.find("... and 301 more"), std::string::npos);
}

TEST(Diagnostics, CutsLongLinesAndHidesControlCharacters) {
  SourceSet sources;
  const SourceId id =
      sources.add("a.conf", std::string(100'000, 'x') + "\x1b" + std::string(100'000, 'y'));
  Diagnostics diagnostics;
  diagnostics.error({id, 100'000, 100'001}, "here");
  const std::string shown = diagnostics.render(sources, false);
  EXPECT_LT(shown.size(), 400U);
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_NE(shown.find("x?y"), std::string::npos);
}

struct NameCase {
  const char* name;
  const char* nearest;
};

TEST(DidYouMean, FindsNearNamesOnly) {
  constexpr std::string_view kNames[] = {"mutate", "grok", "add_field", "break_on_match", "kv"};
  constexpr NameCase kCases[] = {
      {"mutat", "mutate"},
      {"mtuate", "mutate"},
      {"GROK", "grok"},
      {"add-field", "add_field"},
      {"addfield", "add_field"},
      {"breakOnMatch", "break_on_match"},
      {"kb", "kv"},
      {"elasticsearch", ""},
      {"", ""},
      {"xyz", ""},
  };
  for (const NameCase& c : kCases) EXPECT_EQ(closest(c.name, kNames), c.nearest) << c.name;
  EXPECT_EQ(did_you_mean("grk", kNames), "did you mean `grok`?");
}

}  // namespace
}  // namespace millrace::config
