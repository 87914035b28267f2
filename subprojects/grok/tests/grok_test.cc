#include "grok/grok.h"

#include <gtest/gtest.h>

namespace grok {
namespace {

PatternSet patterns() {
  PatternSet set;
  set.add("WORD", R"(\b\w+\b)");
  set.add("INT", R"([+-]?[0-9]+)");
  set.add("PAIR", "%{WORD:key}=%{INT:value:int}");
  return set;
}

/// What each capture took, as `field=text`, `-` where its group took no part; "no match", "limit",
/// or the error.
std::string matched(const std::string& expression, std::string_view subject,
                    CompileOptions options = {}) {
  auto pattern = Pattern::compile(expression, patterns(), options);
  if (!pattern) return "error: " + pattern.error().message;
  Pattern::Scratch scratch;
  std::vector<Span> spans((*pattern)->captures().size());
  const Outcome outcome = (*pattern)->match(subject, scratch, spans);
  if (outcome != Outcome::match) return outcome == Outcome::limit ? "limit" : "no match";
  std::string out;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i) out += ' ';
    out += (*pattern)->captures()[i].field + "=";
    out += spans[i].begin < 0
               ? "-"
               : subject.substr(static_cast<std::size_t>(spans[i].begin),
                                static_cast<std::size_t>(spans[i].end - spans[i].begin));
  }
  return out;
}

TEST(Grok, CapturesNamedReferencesAndGroups) {
  EXPECT_EQ(matched("%{PAIR}", "x a=1"), "key=a value=1");
  EXPECT_EQ(matched("%{WORD:[a][b]} (?<[c]>.)", "word !"), "[a][b]=word [c]=!");
  EXPECT_EQ(matched("(?:%{WORD:a}|%{INT:b})", "+1 "), "a=- b=+1");  // leftmost first
}

TEST(Grok, CapturesUnnamedReferencesOnlyWhenAsked) {
  EXPECT_EQ(matched("%{WORD} %{WORD:x}", "a b"), "x=b");
  EXPECT_EQ(matched("%{WORD} %{WORD:x}", "a b", {.named_captures_only = false}), "WORD=a x=b");
}

TEST(Grok, OnlyTheFirstCaptureOfAFieldKeepsItsType) {
  auto pattern = Pattern::compile("%{INT:n:int} %{INT:n:int} %{INT:f:float}", patterns());
  ASSERT_TRUE(pattern);
  EXPECT_EQ((*pattern)->captures()[0].type, CaptureType::integer);
  EXPECT_EQ((*pattern)->captures()[1].type, CaptureType::text);
  EXPECT_EQ((*pattern)->captures()[2].type, CaptureType::real);
}

TEST(Grok, ReadsRubysSyntax) {
  EXPECT_EQ(matched(R"((?<x>\h+))", "xyz 1aF"), "x=1aF");
  EXPECT_EQ(matched("(?<x>[_-&&[^_]]+)", "a_-_"), "x=-");
  EXPECT_EQ(matched("(?<x>[a-c[0-9]]+)", "--b2c--"), "x=b2c");
  EXPECT_EQ(matched("(?<x>a.b)", "a\nb"), "x=a\nb");
  EXPECT_EQ(matched("^(?<x>b)$", "a\nb\nc"), "x=b");
  EXPECT_EQ(matched("(?<x>[[:alpha:]]+)", "1 \xC3\xA9t\xC3\xA9"), "x=\xC3\xA9t\xC3\xA9");
  EXPECT_EQ(matched("(?<x>a{,2})b", "aaab"), "x=aa");
  EXPECT_EQ(matched(R"((?<q>['"]).*?\k<q>)", "it \"is\""), "q=\"");
}

TEST(Grok, ReadsRubysWordBoundariesFlagsAndRepeats) {
  EXPECT_EQ(matched(R"((?<x>\b\w+\b))", "\xC5\xBElu\xC5\xA5 x"), "x=x");
  EXPECT_EQ(matched("(?<x>a(?i)b|c)", "aC"), "x=aC");
  EXPECT_EQ(matched("(?<x>(?:a(?i)b)c)", "aBC"), "no match");
  EXPECT_EQ(matched(R"((?<x>[\W\d]+))", "a-1b"), "x=-1");
  EXPECT_EQ(matched("(?<x>{a}{,b}{2)", "{a}{,b}{2"), "x={a}{,b}{2");
  EXPECT_EQ(matched("(?<x>a{1,2}+b)", "aaaaab"), "x=aaaaab");
  EXPECT_EQ(matched("(?<x>a{2}?b)", "ab"), "x=b");
  EXPECT_EQ(matched("(?<x>a{1,2}?)b", "aab"), "x=aa");
}

/// The same from each tier that takes the expression, else what differs.
std::string matched_by_all(const std::string& expression, std::string_view subject) {
  const std::string expected = matched(expression, subject);
  for (const Tier tier : {Tier::automaton, Tier::re2, Tier::pcre2_jit}) {
    const std::string found = matched(expression, subject, {.only_tier = tier});
    if (found != expected && !found.starts_with("error:"))
      return std::string(describe(tier)) + ": " + found;
  }
  return expected;
}

TEST(Grok, IgnoresCaseOfTheOutermostClass) {
  EXPECT_EQ(matched_by_all("(?<x>(?i:[[^ab]]))", "a"), "x=a");  // as it holds `A`
  EXPECT_EQ(matched_by_all("(?<x>(?i:[^[^ab]]))", "a"), "no match");
  EXPECT_EQ(matched_by_all("(?<x>(?i:[[:^print:]]))", "\t"), "x=\t");
  EXPECT_EQ(matched_by_all("(?<x>(?i:[^a]))", "A"), "no match");
}

// Seen with JRuby 9.4: `\w` is ASCII, and no case leads out of it.
TEST(Grok, NoCaseLeadsOutOfAShorthandForWords) {
  EXPECT_EQ(matched_by_all("^(?<x>(?i:[\\W]+))$", "sSkK"), "no match");
  EXPECT_EQ(matched_by_all("^(?<x>(?i:[^\\W]+))$", "sSkK"), "x=sSkK");
  EXPECT_EQ(matched_by_all("^(?<x>(?i:[\\w]))$", "\u017f"), "no match");
  EXPECT_EQ(matched_by_all("^(?<x>(?i:[^\\w]))$", "\u017f"), "x=\u017f");
  EXPECT_EQ(matched_by_all("^(?<x>(?i:[\\Wk]+))$", "kK\u212a"), "x=kK\u212a");
  EXPECT_EQ(matched_by_all("^(?<x>(?i:[s]+))$", "sS\u017f"), "x=sS\u017f");
  EXPECT_EQ(matched_by_all("^(?<x>(?i:[[^\\w]1]))$", "s"), "no match");
  EXPECT_EQ(matched_by_all("^(?<x>(?i:[[^\\w\u017f]1]))$", "k"), "x=k");
}

TEST(Grok, KnowsPropertiesByCategoryAndScript) {
  EXPECT_EQ(matched_by_all(R"((?<x>\p{Lu}+))", "a\u00c9B1"), "x=\u00c9B");
  EXPECT_EQ(matched_by_all(R"((?<x>\P{L}+))", "a1-b"), "x=1-");
  EXPECT_EQ(matched_by_all(R"((?<x>[^\p{Uppercase Letter}\d]+))", "A1bc"), "x=bc");
  EXPECT_EQ(matched_by_all(R"((?<x>\p{Greek}+))", "a\u03b1\u03a9"), "x=\u03b1\u03a9");
  EXPECT_EQ(matched_by_all(R"(^(?<x>(?i:\p{Lu}+))$)", "aB"), "x=aB");
  EXPECT_EQ(matched_by_all(R"(^(?<x>(?i:\P{Lu}))$)", "a"), "no match");
  EXPECT_EQ(matched(R"(\p{Nope})", ""),
            "error: regular expression: there is no property `\\p{Nope}`");
  EXPECT_EQ(matched(R"(\p{sc:Greek})", ""),
            "error: regular expression: there is no property `\\p{sc:Greek}`");
}

// PCRE2 compiles to at most 64 KiB.
TEST(Grok, TakesManyBoundariesInALineThatIsNotAscii) {
  const std::string words = R"((?<x>(?:\b\w+\b )++\b\w+\b)\B.\k<x>)";
  EXPECT_EQ(matched(words, "\u00e9 ab cd ef-ab cd ef"), "no match");
  EXPECT_EQ(matched(R"((?<x>(?:\b\w+\b )+\b\w+\b)-\b\k<x>\b)", "\u00e9 ab cd-ab cd"), "x=ab cd");
}

TEST(Grok, TakesSuperscriptsOfLatin1ForPartsOfWords) {
  EXPECT_EQ(matched_by_all(R"((?<x>.\b))", "\u00b2"), "x=\u00b2");
  EXPECT_EQ(matched_by_all(R"((?<x>.\b))", "\u2074"), "no match");
  EXPECT_EQ(matched_by_all("(?<x>[[:word:]])", "\u00b2"), "no match");
}

TEST(Grok, RepeatsNothingNoTime) {
  EXPECT_EQ(matched_by_all("(?<x>(?=b)a{0}b)", "b"), "x=b");
  EXPECT_EQ(matched_by_all("(?<x>(?:|\\A){0}b)", "ab"), "x=b");
  EXPECT_EQ(matched_by_all("a(?<y>b){0}(?<x>.)", "ab"), "y=- x=b");
  EXPECT_EQ(matched_by_all("(?<y>b){0}(?:\\k<y>|(?<x>a))", "ab"), "y=- x=a");
}

TEST(Grok, RefersBackToAGroupBehind) {
  EXPECT_EQ(matched_by_all("^(?:\\k<x>!|(?<x>[ab]))+$", "aba!"), "no match");
  EXPECT_EQ(matched_by_all("^(?:\\k<x>!|(?<x>[ab]))+$", "abb!"), "x=b");
}

TEST(Grok, GivesBackInFrontOfAnAtomicGroupThatIsEmpty) {
  EXPECT_EQ(matched_by_all("(?<x>a?(?:Ba)?+a)", "a"), "x=a");
}

TEST(Grok, KeepsWhatALazyRepeatInAnAtomicGroupTook) {
  EXPECT_EQ(matched_by_all("(?<x>(?>\u00fc*(?:\u00e9\u00e8)+?)a)", "\u00e9\u00e8\u00e9\u00e8a"),
            "x=\u00e9\u00e8a");
  EXPECT_EQ(matched_by_all("(?<x>(?:\u00fc*(?:\u00e9\u00e8)+?)?+a)", "\u00e9\u00e8\u00e9\u00e8a"),
            "x=\u00e9\u00e8a");
}

TEST(Grok, ProvesAnAtomicGroupOnlyByAssertionsThatTheNextCharacterDecides) {
  const auto by_automaton = [](const std::string& expression) {
    return matched(expression, "aab", {.only_tier = Tier::automaton});
  };
  EXPECT_EQ(by_automaton(R"((?<x>(?>(?<!c)(?:a(?=[ab]))+)b))"), "x=aab");
  EXPECT_TRUE(by_automaton("(?<x>(?>(?:a(?=ab|b))+)b)").starts_with("error:"));
  EXPECT_TRUE(by_automaton(R"((?<x>(?>a(?:a\Bb|ab))c))").starts_with("error:"));
  EXPECT_TRUE(by_automaton("(?<x>(?>(?:(?<!c)a)+)b)").starts_with("error:"));
}

TEST(Grok, TakesWhatItLookedAheadAt) {
  EXPECT_EQ(matched_by_all("(?<x>(?=a)a?a)", "a"), "x=a");
  EXPECT_EQ(matched_by_all("(?<x>(?=b)(?:ab|b))", "b"), "x=b");
}

TEST(Grok, GivesBackToAnArmThatIsEmpty) {
  EXPECT_EQ(matched_by_all("(?<x>(?:aa|)a*a)", "aa"), "x=aa");
}

TEST(Grok, TellsALetterFromOneOfAnyCase) {
  EXPECT_EQ(matched_by_all("(?<x>b|[Bb])", "B"), "x=B");
  EXPECT_EQ(matched("(?<x>b|[Bb])", std::string(60, ' ') + "B"), "x=B");
}

TEST(Grok, TakesADefinitionOnTheSpot) {
  EXPECT_EQ(matched("%{NEW:n=%{INT:a} %{WORD:b}}", "1 x"), "n=1 x a=1 b=x");
}

TEST(Grok, MatchesBytesThatAreNoUtf8) {
  EXPECT_EQ(matched("(?<x>b+)",
                    "\xFF\xFE"
                    "bb\xC3"),
            "x=bb");
}

TEST(Grok, NamesWhatIsWrong) {
  EXPECT_EQ(matched("%{WROD}", ""), "error: there is no pattern `WROD`");
  auto near = Pattern::compile("%{WROD}", patterns());
  EXPECT_EQ(near.error().hint, "did you mean `WORD`?");
  EXPECT_EQ(matched("a)", ""), "error: regular expression: a `)` that closes nothing");
  EXPECT_EQ(matched("[a", "").substr(0, 6), "error:");
  EXPECT_EQ(matched("a{70000}", "").substr(0, 6), "error:");
}

TEST(Grok, PutsTheCaretIntoTheDefinitionThatIsWrong) {
  PatternSet set = patterns();
  set.add("BROKEN", "ab{70000}c");
  auto pattern = Pattern::compile("x %{BROKEN} y", set);
  ASSERT_FALSE(pattern);
  EXPECT_EQ(pattern.error().where, "BROKEN");
}

TEST(Grok, PutsTheCaretIntoADefinitionOnTheSpot) {
  auto pattern = Pattern::compile("x %{NEW=ab{70000}c} y", patterns());
  ASSERT_FALSE(pattern);
  EXPECT_EQ(pattern.error().where, "NEW");
  EXPECT_EQ(pattern.error().text, "ab{70000}c");
}

TEST(Grok, RefusesADefinitionOnTheSpotInsideOfItself) {
  EXPECT_EQ(matched("%{A=x%{A=" + std::string(100, 'y') + "}z}", ""),
            "error: the pattern `A` is built of itself");
}

TEST(Grok, RefusesCyclesAndRunawayExpansions) {
  PatternSet set;
  set.add("A", "%{B}");
  set.add("B", "%{A}");
  EXPECT_NE(Pattern::compile("%{A}", set).error().message.find("built of itself"),
            std::string::npos);
  for (int i = 0; i < 1000; ++i)
    set.add("N" + std::to_string(i), "%{N" + std::to_string(i + 1) + "}");
  set.add("N1000", "x");
  EXPECT_NE(Pattern::compile("%{N0}", set).error().message.find("500 deep"), std::string::npos);
  set.add("D0", "xxxxxxxxxx");
  for (int i = 1; i < 40; ++i)
    set.add("D" + std::to_string(i),
            "%{D" + std::to_string(i - 1) + "}%{D" + std::to_string(i - 1) + "}");
  EXPECT_NE(Pattern::compile("%{D39}", set).error().message.find("1 MiB"), std::string::npos);
}

TEST(Grok, ATimeoutEndsBacktracking) {
  // A reference back takes the tier that backtracks.
  auto pattern = Pattern::compile("^(?<x>(?<y>a)+)+\\k<y>b$", {});
  ASSERT_TRUE(pattern);
  EXPECT_EQ((*pattern)->tier(), Tier::pcre2_jit);
  Pattern::Scratch scratch;
  scratch.set_timeout(std::chrono::milliseconds(1));
  EXPECT_EQ((*pattern)->match(std::string(60, 'a') + "b!", scratch, {}), Outcome::limit);
}

TEST(Grok, WhatIsCatastrophicElsewhereIsLinear) {
  for (const char* expression : {"^(?:a+)+$", "(?:a|aa)+$", "(?:a|a)*[bc]", "(?:.*a){12}x"}) {
    auto pattern = Pattern::compile(expression, {});
    ASSERT_TRUE(pattern) << expression;
    EXPECT_EQ((*pattern)->tier(), Tier::automaton) << expression;
    Pattern::Scratch scratch;
    scratch.set_timeout(std::chrono::nanoseconds(1));
    EXPECT_EQ((*pattern)->match(std::string(3000, 'a') + "!", scratch, {}), Outcome::no_match)
        << expression;
  }
}

TEST(PatternSet, ReadsFilesAndSaysWhichLineIsWrong) {
  PatternSet set;
  EXPECT_FALSE(set.add_file("# comment\n\nA  b c \nB d\r\n", "f"));
  EXPECT_EQ(*set.find("A"), "b c ");
  EXPECT_EQ(*set.find("B"), "d");
  EXPECT_EQ(set.add_file("A b\nLONELY\n", "f")->message, "f:2: expected `NAME definition`");
}

TEST(Pattern, WhatComesBeforeAWordBoundaryMayBeLeftOut) {
  const std::pair<const char*, const char*> cases[] = {{"(?<all>a{1,2}\\.?\\b[0-9])", "a.1"},
                                                       {"(?<all>a? ?\\bab)", " ab"}};
  for (const auto& [expression, line] : cases) {
    auto pattern = Pattern::compile(expression, PatternSet());
    ASSERT_TRUE(pattern);
    Pattern::Scratch scratch;
    Span all;
    ASSERT_EQ((*pattern)->match(line, scratch, {&all, 1}), Outcome::match) << expression;
    EXPECT_EQ(all.begin, 0) << expression;
    EXPECT_EQ(all.end, 3) << expression;
  }
}

}  // namespace
}  // namespace grok
