#include "plugins/support/kafka/jaas.h"

#include <gtest/gtest.h>

namespace millrace::kafka {
namespace {

TEST(Jaas, ReadsModuleAndSettings) {
  const auto line = parse_jaas(
      "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"al ice\" "
      "password=\"a\\\"b;c=d\\\\\";");
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->module, "PlainLoginModule");
  EXPECT_EQ(line->get("username"), "al ice");
  EXPECT_EQ(line->get("password"), "a\"b;c=d\\");
  EXPECT_EQ(line->get("other"), "");
}

TEST(Jaas, TakesBareWordsLineBreaksAndNoSemicolon) {
  const auto line = parse_jaas(" M required\n useKeyTab=true\n keyTab=/etc/k.tab ");
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->get("useKeyTab"), "true");
  EXPECT_EQ(line->get("keyTab"), "/etc/k.tab");
}

TEST(Jaas, RefusesWhatIsNoLineWithoutShowingIt) {
  for (const char* text : {"", ";", "OnlyModule", "M required user", "M required =x;",
                           "M required password=\"hunter2", "M required password=hunter2; N x;"}) {
    const auto line = parse_jaas(text);
    ASSERT_FALSE(line) << text;
    EXPECT_EQ(line.error().message.find("hunter2"), std::string::npos) << line.error().message;
  }
}

TEST(Jaas, AnyBytesEnd) {
  std::string text(10'000, '\\');
  text += "\"=;";
  EXPECT_FALSE(parse_jaas(text));
  EXPECT_FALSE(parse_jaas(std::string("M r a=\"") + std::string(100'000, '\\')));
}

}  // namespace
}  // namespace millrace::kafka
