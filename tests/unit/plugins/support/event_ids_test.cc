#include "plugins/support/event_ids.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

TEST(EventIds, AreSetWhereAConfigMentionsThem) {
  EXPECT_FALSE(EventIds::if_mentioned());
  ASSERT_TRUE(FieldRef::parse("[@metadata][millrace][id]"));
  const auto ids = EventIds::if_mentioned();
  ASSERT_TRUE(ids);
  const auto batch = Batch::make();
  add_event(*batch, "{}");
  add_event(*batch, R"({"@metadata":{"path":"/a"}})");
  ids->put((*batch)[0], "orders-3", 4711);
  ids->put((*batch)[1], "orders-3", 4711, 1);
  EXPECT_EQ(as_json(*batch),
            (std::vector<std::string>{
                R"({"@metadata":{"millrace":{"id":"orders-3:4711"}}})",
                R"({"@metadata":{"path":"/a","millrace":{"id":"orders-3:4711.1"}}})"}));
}

}  // namespace
}  // namespace millrace
