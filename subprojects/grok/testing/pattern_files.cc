#include "pattern_files.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace grok::testing {
namespace {

[[noreturn]] void quit(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(2);
}

}  // namespace

PatternSet read_patterns(const std::string& directory) {
  PatternSet patterns;
  std::error_code failed;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed))
    if (entry.is_regular_file()) files.push_back(entry.path());
  if (failed) quit(directory + ": " + failed.message() + ": expected a directory of pattern files");
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    if (const auto wrong = patterns.add_file(text, file.string())) quit(render(*wrong));
  }
  return patterns;
}

}  // namespace grok::testing
