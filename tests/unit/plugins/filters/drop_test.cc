#include "plugins/filters/drop.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

TEST(DropFilter, DropsThePercentage) {
  const std::vector<std::string> events(2000, R"({"a":1})");
  const auto kept = [&](const std::string& options) {
    const MadeFilter filter(drop_filter(), "drop { " + options + " }");
    const Filtered out = filtered(*filter.made, events);
    EXPECT_TRUE(out.matched.empty());
    return out.events.size();
  };
  EXPECT_EQ(kept(""), 0u);
  EXPECT_EQ(kept("percentage => 100"), 0u);
  EXPECT_EQ(kept("percentage => 0"), events.size());
  const std::size_t half = kept("percentage => 50");  // +- 9 standard deviations
  EXPECT_GT(half, 800u);
  EXPECT_LT(half, 1200u);
}

TEST(DropFilter, MarksWhatItDrops) {
  const MadeFilter filter(drop_filter(), "drop { }");
  const auto batch = Batch::make();
  const Selection all{add_event(*batch, "{}").at()};
  Selection matched;
  FilterRun run{*batch, all, nullptr, matched};
  filter.made->apply(run);
  EXPECT_EQ(batch->state(0), EventState::dropped);
  EXPECT_TRUE(run.reshaped);
  EXPECT_TRUE(run.out.empty());
}

TEST(DropFilter, RefusesPercentagesThatAreNone) {
  for (const char* percentage : {"-1", "101"}) {
    const MadeFilter filter(drop_filter(),
                            std::string("drop { percentage => ") + percentage + " }");
    EXPECT_EQ(filter.made, nullptr) << percentage;
  }
}

}  // namespace
}  // namespace millrace
