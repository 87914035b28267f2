#include "plugins/inputs/file/discovery.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/support/temp_directory.h"

namespace millrace {
namespace {

using Names = std::vector<std::string>;

class FileDiscovery : public testing::Test {
 protected:
  FileDiscovery() {
    for (const char* name :
         {"a.log", "b.log", "c.txt", "one/d.log", "one/two/e.log", ".hidden/f.log", "[x]/g.log"})
      files_.write(name, "");
  }

  Names find(const std::string& pattern, const Names& exclude = {}) {
    Names names;
    const std::string top = files_.path("");
    for (const FoundFile& file : find_files({top + pattern}, exclude))
      names.push_back(file.path.substr(top.size()));
    return names;
  }

  TempDirectory files_;
};

TEST_F(FileDiscovery, ExpandsPatterns) {
  const std::pair<std::string, Names> cases[] = {
      {"a.log", {"a.log"}},
      {"missing", {}},
      {"*.log", {"a.log", "b.log"}},
      {"{a.log,c.*}", {"a.log", "c.txt"}},
      {"[bc].*", {"b.log", "c.txt"}},
      {"*/*.log", {"[x]/g.log", "one/d.log"}},
      {"**/*.log", {"[x]/g.log", "a.log", "b.log", "one/d.log", "one/two/e.log"}},
      {"one/**/e.log", {"one/two/e.log"}},
      {"**/two/**/*.log", {"one/two/e.log"}},
      {"o*", {}},  // a directory
  };
  for (const auto& [pattern, expected] : cases) EXPECT_EQ(find(pattern), expected) << pattern;
}

TEST_F(FileDiscovery, LeavesOutWhatIsExcludedByNameOrPath) {
  EXPECT_EQ(find("**/*.log", {"[a-d].log", "*/two/*"}), Names{"[x]/g.log"});
}

TEST_F(FileDiscovery, FindsAFileOfTwoNamesOnce) {
  ASSERT_EQ(link(files_.path("a.log").c_str(), files_.path("z.log").c_str()), 0);
  EXPECT_EQ(find("[az].log"), Names{"a.log"});
}

TEST_F(FileDiscovery, DoesNotFollowDirectoriesInCircles) {
  ASSERT_EQ(symlink("..", files_.path("one/up").c_str()), 0);
  EXPECT_EQ(find("one/**/*.log"), (Names{"one/d.log", "one/two/e.log"}));
}

}  // namespace
}  // namespace millrace
