#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "testing/pattern_files.h"
#include "tier_table.h"

namespace grok {
namespace {

constexpr const char* kAlone = "the library stands alone, without standard patterns";

TEST(Tiers, OfTheStandardPatternsAreWhatThePageSays) {
  const char* const patterns = std::getenv("GROK_PATTERNS");
  const char* const page = std::getenv("GROK_TIERS_PAGE");
  if (!patterns || !page) GTEST_SKIP() << kAlone;
  std::ifstream in(page, std::ios::binary);
  const std::string committed((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(tier_page(patterns), committed) << "make it anew: grok_tiers patterns >" << page;
}

TEST(Tiers, OfTheStandardPatternsAreTheFastestForNearlyAll) {
  const char* const directory = std::getenv("GROK_PATTERNS");
  if (!directory) GTEST_SKIP() << kAlone;
  for (const std::string set : {"legacy", "ecs-v1"}) {
    const PatternSet patterns = testing::read_patterns(directory + ("/" + set));
    std::size_t fastest = 0;
    for (const auto& [name, definition] : patterns.all()) {
      auto pattern = Pattern::compile("%{" + name + "}", patterns);
      ASSERT_TRUE(pattern) << render(pattern.error());
      fastest += (*pattern)->tier() == Tier::automaton;
    }
    EXPECT_GE(fastest * 100, patterns.all().size() * 95) << set;
  }
}

}  // namespace
}  // namespace grok
