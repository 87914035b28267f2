#include "plugins/inputs/file/head.h"

#include <gtest/gtest.h>

#include "tests/unit/support/temp_directory.h"

namespace millrace {
namespace {

TEST(Head, FilesAreAlikeUpToWhereTheyAgreeInTheirBeginningsAndEnds) {
  const TempDirectory files;
  const std::string content(200'000, 'x');
  const std::string log = files.write("log", content + "and it grows");
  const auto is_alike = [&](std::string copy) {
    const std::string path = files.write("copy", copy);
    return is_alike_up_to(copy.size(), path, log);
  };
  EXPECT_TRUE(is_alike(content));
  EXPECT_TRUE(is_alike(content.substr(0, Head::kMost)));
  EXPECT_FALSE(is_alike(content.substr(0, Head::kMost - 1))) << "that is too little to say";
  EXPECT_FALSE(is_alike("y" + content.substr(1)));
  EXPECT_FALSE(is_alike(content.substr(1) + "y"));
  EXPECT_FALSE(is_alike(content + content)) << "the original has been cut";
  EXPECT_FALSE(is_alike_up_to(5000, files.path("none"), log));
  EXPECT_FALSE(is_alike_up_to(5000, log, files.path("none")));
}

}  // namespace
}  // namespace millrace
