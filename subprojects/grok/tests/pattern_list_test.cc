#include "grok/pattern_list.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "src/parse.h"
#include "src/sieve.h"
#include "testing/lines.h"
#include "testing/pattern_files.h"
#include "testing/random.h"

namespace grok {
namespace {

using Patterns = std::vector<std::shared_ptr<const Pattern>>;

std::shared_ptr<const Pattern> compiled(const std::string& expression,
                                        const PatternSet& patterns = {}) {
  auto pattern = Pattern::compile(expression, patterns);
  EXPECT_TRUE(pattern) << render(pattern.error());
  return pattern ? *pattern : nullptr;
}

Patterns all_of(const std::vector<std::string>& expressions) {
  Patterns patterns;
  for (const std::string& expression : expressions) patterns.push_back(compiled(expression));
  return patterns;
}

std::vector<std::size_t> candidates_of(const PatternList& list, PatternList::Candidates& candidates,
                                       std::string_view subject) {
  std::vector<std::size_t> found;
  candidates.begin(list, subject);
  for (std::size_t i = candidates.next(); i < list.size(); i = candidates.next())
    found.push_back(i);
  return found;
}

std::vector<std::size_t> candidates_of(const PatternList& list, std::string_view subject) {
  PatternList::Candidates candidates;
  return candidates_of(list, candidates, subject);
}

using Indices = std::vector<std::size_t>;

TEST(PatternList, LeavesOutWhatLacksAText) {
  const PatternList list(all_of({"sshd\\[", "cron\\[", "(?:one|two) thing", "x|abc"}));
  EXPECT_EQ(candidates_of(list, "a sshd[3]"), (Indices{0, 3}));
  EXPECT_EQ(candidates_of(list, "a cron[3]"), (Indices{1, 3}));
  EXPECT_EQ(candidates_of(list, "two thing"), (Indices{2, 3}));
  EXPECT_EQ(candidates_of(list, ""), (Indices{3}));
}

TEST(PatternList, LeavesOutWhatBeginsOtherwise) {
  const PatternList list(all_of({"^(?<n>[0-9]+) ", "\\A\\[", "^ab|^7 ", "."}));
  EXPECT_EQ(candidates_of(list, "12 x"), (Indices{0, 3}));
  EXPECT_EQ(candidates_of(list, "[x"), (Indices{1, 3}));
  EXPECT_EQ(candidates_of(list, "7 "), (Indices{0, 2, 3}));
  EXPECT_EQ(candidates_of(list, "x\n7 "), (Indices{0, 2, 3}));  // not `\A`, the others may
}

TEST(PatternList, LetsThroughWhatMayMatchBytesThatAreNoUtf8) {
  const PatternList list(all_of({"a.b\\[", "a[^x]b\\[", "q\xC3\xA9z\\["}));
  EXPECT_EQ(candidates_of(list,
                          "a\xFF"
                          "b["),
            (Indices{0, 1}));
  EXPECT_EQ(candidates_of(list, "q\xC3\xA9z["), (Indices{2}));
}

TEST(PatternList, TriesTheFirstAtOnceWhereItWasEnoughBefore) {
  const PatternList list(all_of({"sshd\\[", "cron\\["}));
  PatternList::Candidates candidates;
  candidates.begin(list, "sshd[");
  EXPECT_EQ(candidates.next(), 0u);
  EXPECT_EQ(candidates_of(list, candidates, "cron["), (Indices{0, 1}));
  EXPECT_EQ(candidates_of(list, candidates, "cron["), (Indices{1}));
}

TEST(PatternList, OfOneOrNoneHasThatOneOrNone) {
  EXPECT_EQ(candidates_of(PatternList(), "x"), Indices{});
  EXPECT_EQ(candidates_of(PatternList(all_of({"y"})), "x"), Indices{0});
}

TEST(PatternList, KnowsManyPatterns) {
  std::vector<std::string> expressions;
  for (int i = 0; i < 200; ++i) expressions.push_back("<" + std::to_string(i) + ">");
  const PatternList list(all_of(expressions));
  EXPECT_EQ(candidates_of(list, "here <137> is"), Indices{137});
}

/// All standard patterns in a list: none that matches a line is left out, with or without SIMD.
TEST(PatternList, LeavesOutNoneThatMatches) {
  const char* const directory = std::getenv("GROK_PATTERNS");
  if (!directory) GTEST_SKIP() << "the library stands alone, without standard patterns";
  const PatternSet set = testing::read_patterns(directory + std::string("/legacy"));
  Patterns patterns;
  for (const auto& [name, definition] : set.all())
    patterns.push_back(compiled("%{" + name + "}", set));
  const PatternList list(patterns);
  PatternList::Candidates candidates;
  Pattern::Scratch scratch;
  testing::Random random(1);
  for (int kind = 0; kind < testing::kLineKinds; ++kind) {
    for (std::string line : make_lines(static_cast<testing::LineKind>(kind), 3, 5)) {
      line.resize(line.size() - random.below(line.size() / 2));
      const auto found = candidates_of(list, candidates, line);
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (std::binary_search(found.begin(), found.end(), i)) continue;
        EXPECT_EQ(list[i].match(line, scratch, {}), Outcome::no_match)
            << list[i].expanded().substr(0, 100) << "\n"
            << line;
      }
    }
  }
}

Clues clues_of(std::string_view expression) {
  const std::vector<Capture> no_captures;
  Parser parser(expression, no_captures);
  auto syntax = parser.parse();
  EXPECT_TRUE(syntax);
  return syntax ? find_clues(*syntax) : Clues{};
}

TEST(Sieve, SeesTheSameWithSimdAndWithout) {
  std::vector<Clues> clues;
  for (const char* const expression : {"abc", "a[0-9]", "^x", "(?:qu|no|wa)t?e\\[", "\\AGET ",
                                       "z{3}", "[A-Z]\\d\\d/", "\\.\\d\\."})
    clues.push_back(clues_of(expression));
  const Sieve sieve(clues);
  testing::Random random(7);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string line;
    while (line.size() < size)
      line += random.pick(std::string_view("abcqunowte[xz019./AGET \n\xE9"));
    Sieve::Mask plain, fast;
    Sieve::Habits fresh;
    sieve.sift_plainly(line, plain);
    sieve.sift(line, fresh, fast);
    EXPECT_EQ(plain, fast) << line;
  }
}

TEST(Sieve, SeesAClueAtEachPlaceOfALine) {
  const Sieve sieve({clues_of("needle"), clues_of("other")});
  for (std::size_t at = 0; at < 100; ++at) {
    const std::string line = std::string(at, '.') + "needle" + std::string(at % 3, '.');
    Sieve::Mask possible;
    Sieve::Habits habits;
    sieve.sift(line, habits, possible);
    EXPECT_EQ(possible, Sieve::Mask{1}) << at;
  }
}

}  // namespace
}  // namespace grok
