#include "plugins/outputs/null.h"

#include <gtest/gtest.h>

#include "plugins/codecs/plain.h"
#include "tests/unit/support/fake_lane.h"

namespace millrace {
namespace {

TEST(NullOutput, TakesEveryEventUnderBothItsNames) {
  for (const std::string name : {"null", "sink"}) {
    Registry codecs;
    codecs.add(plain_codec());
    MadeOutput output(null_output(name), name + " { }", EcsMode::disabled, std::move(codecs));
    ASSERT_TRUE(output.made) << output.messages();
    FakeLane lane;
    ASSERT_TRUE(lane.write(*output.made, {R"({"m":1})", R"({"m":2})"}));
    EXPECT_EQ(lane.delivered(), 2u);
    EXPECT_EQ(lane.position(), 1u);
    EXPECT_FALSE(output.made->flush_due());
    EXPECT_TRUE(output.made->close(lane.give_up));
  }
}

}  // namespace
}  // namespace millrace
