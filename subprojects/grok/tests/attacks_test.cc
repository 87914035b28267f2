#include "testing/attacks.h"

#include <gtest/gtest.h>

#include <cctype>

#include "grok/grok.h"

namespace grok {
namespace {

bool gives_up_never(Tier tier) { return describe(tier).substr(0, 5) != "PCRE2"; }

class Attacks : public ::testing::TestWithParam<testing::Attack> {};

/// That this comes to an end is what is tested; how fast, grok_attacks of bench/ prints.
TEST_P(Attacks, EndInABoundedNumberOfSteps) {
  const testing::Attack& attack = GetParam();
  auto pattern = Pattern::compile("(?<all>" + std::string(attack.expression) + ")", PatternSet());
  ASSERT_TRUE(pattern) << render(pattern.error());
  Pattern::Scratch scratch;
  scratch.set_timeout(std::chrono::milliseconds(5));
  std::vector<Span> spans((*pattern)->captures().size());
  for (const std::size_t bytes : {10u, 100u, 4'096u}) {
    const Outcome outcome = (*pattern)->match(attack.line(bytes), scratch, spans);
    if (gives_up_never((*pattern)->tier())) {
      EXPECT_NE(outcome, Outcome::limit) << bytes << " bytes";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Attacks, ::testing::ValuesIn(testing::attacks()),
                         [](const auto& attack) {
                           std::string name = attack.param.name;
                           std::erase_if(name, [](char c) { return !std::isalnum(c); });
                           return name;
                         });

TEST(AttackTable, HasAtLeastFifty) { EXPECT_GE(testing::attacks().size(), 50u); }

}  // namespace
}  // namespace grok
