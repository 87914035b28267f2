#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

namespace grok {
namespace {

std::string read(const char* variable) {
  const char* const path = std::getenv(variable);
  if (!path) return {};
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Readme, ShowsTheSampleThatIsCompiled) {
  const std::string sample = read("GROK_SAMPLE_SOURCE");
  ASSERT_FALSE(sample.empty());
  EXPECT_NE(read("GROK_README").find("```cpp\n" + sample + "```"), std::string::npos);
}

TEST(Readme, ShowsWhatTheSamplePrints) {
  const char* const program = std::getenv("GROK_SAMPLE");
  ASSERT_TRUE(program);
  const auto close = [](std::FILE* pipe) { pclose(pipe); };
  const std::unique_ptr<std::FILE, decltype(close)> pipe(popen(program, "r"), close);
  ASSERT_TRUE(pipe);
  std::array<char, 256> printed{};
  const std::size_t length = std::fread(printed.data(), 1, printed.size() - 1, pipe.get());
  ASSERT_GT(length, 0u);
  EXPECT_NE(read("GROK_README").find("```\n" + std::string(printed.data(), length) + "```"),
            std::string::npos);
}

}  // namespace
}  // namespace grok
