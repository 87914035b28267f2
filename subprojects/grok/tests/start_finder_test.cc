#include "src/start_finder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "testing/random.h"

namespace grok {
namespace {

struct Around {
  std::vector<Next> ahead;
  Next before;
};

/// As one would write it down: position by position.
bool may_begin(const Around& around, const std::string& subject, std::size_t at) {
  if (!around.before[at == 0 ? kEnd : static_cast<unsigned char>(subject[at - 1])]) return false;
  for (std::size_t i = 0; i < around.ahead.size() && at + i < subject.size(); ++i)
    if (!around.ahead[i][static_cast<unsigned char>(subject[at + i])]) return false;
  return true;
}

std::size_t first_from(const Around& around, const std::string& subject, std::size_t from) {
  while (from < subject.size() && !may_begin(around, subject, from)) ++from;
  return from;
}

Next bytes_in(std::string_view text) {
  Next bytes;
  for (const char c : text) bytes.set(static_cast<unsigned char>(c));
  return bytes;
}

using Find = const unsigned char* (StartFinder::*)(const unsigned char*, const unsigned char*,
                                                   const unsigned char*) const;

std::size_t found_by(Find find, const StartFinder& finder, const std::string& subject,
                     std::size_t from) {
  const auto* begin = reinterpret_cast<const unsigned char*>(subject.data());
  const auto* found = (finder.*find)(begin, begin + from, begin + subject.size());
  return found ? static_cast<std::size_t>(found - begin) : subject.size();
}

TEST(StartFinder, FindsEachPlaceOfEverySubject) {
  testing::Random random(1);
  constexpr std::string_view kAlphabet = "ab01 .-\n\xc3\xa4";
  for (int round = 0; round < 300; ++round) {
    Around around;
    const auto some = [&] {
      Next bytes;
      for (const char c : kAlphabet)
        if (random.percent(60)) bytes.set(static_cast<unsigned char>(c));
      return bytes;
    };
    for (std::size_t i = random.between(1, StartFinder::kMostAhead); i > 0; --i)
      around.ahead.push_back(some());
    around.before = random.percent(30) ? ~Next() : some();
    around.before[kEnd] = random.percent(70);
    const StartFinder finder(around.ahead, around.before);
    std::string subject(random.below(150), 0);
    for (char& c : subject) c = random.pick(kAlphabet);
    for (std::size_t from = 0; from <= subject.size(); ++from) {
      const std::size_t expected = first_from(around, subject, from);
      ASSERT_EQ(found_by(&StartFinder::find_plainly, finder, subject, from), expected);
      ASSERT_EQ(found_by(&StartFinder::find, finder, subject, from), expected);
    }
  }
}

TEST(StartFinder, PassesOverNothingWhereASetHasMoreRowsThanBits) {
  testing::Random random(2);
  for (int round = 0; round < 100; ++round) {
    Around around{{Next(), ~Next()}, ~Next()};
    for (std::size_t byte = 0; byte < 256; ++byte) around.ahead[0][byte] = random.percent(10);
    const StartFinder finder(around.ahead, around.before);
    std::string subject(200, 0);
    for (char& c : subject) c = static_cast<char>(random.below(256));
    for (std::size_t from = 0; from < subject.size(); ++from) {
      const std::size_t first = first_from(around, subject, from);
      ASSERT_LE(found_by(&StartFinder::find, finder, subject, from), first);
      ASSERT_EQ(found_by(&StartFinder::find_plainly, finder, subject, from), first);
    }
  }
}

TEST(StartFinder, WithoutKnowledgeEachPlaceIsOne) {
  const StartFinder finder;
  EXPECT_EQ(found_by(&StartFinder::find, finder, "abc", 2), 2u);
  EXPECT_EQ(found_by(&StartFinder::find, finder, "abc", 3), 3u);
}

TEST(StartFinder, KnowsTheBeginningFromAnyByte) {
  const Around around{{bytes_in("7")}, bytes_in(" ")};
  const StartFinder inside(around.ahead, around.before);
  EXPECT_EQ(found_by(&StartFinder::find, inside, "7 7", 0), 2u);
  const StartFinder also_there(around.ahead, bytes_in(" ").set(kEnd));
  EXPECT_EQ(found_by(&StartFinder::find, also_there, "7 7", 0), 0u);
}

}  // namespace
}  // namespace grok
