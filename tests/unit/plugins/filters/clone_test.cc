#include "plugins/filters/clone.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

TEST(CloneFilter, PutsClonesBehindTheirOriginal) {
  const MadeFilter filter(clone_filter(), "clone { clones => ['x', 'y'] }");
  const Filtered out = filtered(*filter.made, {R"({"a":1})", R"({"type":"t"})"});
  EXPECT_EQ(out.events, (Texts{R"({"a":1})", R"({"a":1,"type":"x"})", R"({"a":1,"type":"y"})",
                               R"({"type":"t"})", R"({"type":"x"})", R"({"type":"y"})"}));
  EXPECT_EQ(out.matched.size(), 4u);  // the clones alone
}

TEST(CloneFilter, TagsClonesUnderEcs) {
  const MadeFilter filter(clone_filter(), "clone { clones => ['x'] }", EcsMode::v8);
  const Filtered out = filtered(*filter.made, {R"({"tags":["t"],"type":"o"})"});
  EXPECT_EQ(out.events,
            (Texts{R"({"tags":["t"],"type":"o"})", R"({"tags":["t","x"],"type":"o"})"}));
}

TEST(CloneFilter, WarnsOfAnEmptyList) {
  const MadeFilter filter(clone_filter(), "clone { clones => [] }");
  ASSERT_NE(filter.made, nullptr);
  EXPECT_NE(filter.messages().find("nothing is cloned"), std::string::npos) << filter.messages();
  EXPECT_EQ(filtered(*filter.made, {R"({"a":1})"}).events, (Texts{R"({"a":1})"}));
}

}  // namespace
}  // namespace millrace
