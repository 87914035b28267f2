#include "pipeline/event/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

// The vectors of RFC 4648, section 10, and bytes that use its last two letters.
TEST(Base64, WritesAndReadsTheVectorsOfItsStandard) {
  const std::pair<std::string, std::string> kVectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xFF\xFE\xFF", "//7/"},
  };
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(base64(bytes), text);
    const auto read = from_base64(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, bytes);
  }
}

TEST(Base64, RefusesWhatIsNot) {
  for (const char* text : {"Zg", "Zg=", "Z!==", "Zm9v Zg=", "====", "A==="})
    EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace millrace
