#include "plugins/support/kafka/properties.h"

#include <gtest/gtest.h>

namespace millrace::kafka {
namespace {

TEST(KafkaProperties, ALaterValueReplacesAnEarlierOne) {
  Properties properties;
  properties.set("linger.ms", "5", "linger_ms");
  properties.set("linger.ms", "7", "client_options");
  ASSERT_EQ(properties.entries().size(), 1u);
  EXPECT_EQ(properties.find("linger.ms")->value, "7");
  EXPECT_EQ(properties.find("linger.ms")->option, "client_options");
}

TEST(KafkaProperties, NamesWhatTheLibraryDoesNotTake) {
  Properties properties;
  properties.set("linger.ms", "5", "linger_ms");
  properties.set("lingr.ms", "5", "client_options");
  properties.set("acks", "many", "acks");
  const auto refused = properties.check();
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_NE(refused[0].why.find("no property `lingr.ms`"), std::string::npos);
  EXPECT_EQ(refused[1].entry->option, "acks");
}

TEST(KafkaProperties, ASecretIsInNoMessage) {
  Properties properties;
  properties.set("socket.timeout.ms", "hunter2", "client_options", true);
  const auto refused = properties.check();
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].why.find("hunter2"), std::string::npos);
}

TEST(KafkaProperties, TheLibrarysVersionIsComparedByItsParts) {
  EXPECT_TRUE(library_is_at_least(1, 9, 99));
  EXPECT_FALSE(library_is_at_least(99, 0, 0));
}

}  // namespace
}  // namespace millrace::kafka
