#include "plugins/support/grok_patterns.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

#include "patterns/embedded.h"
#include "pipeline/config/load.h"

namespace millrace {

grok::PatternSet standard_patterns(EcsMode ecs) {
  const std::string_view wanted = ecs == EcsMode::disabled ? "legacy" : "ecs-v1";
  grok::PatternSet patterns;
  for (const EmbeddedPatternFile& file : embedded_patterns()) {
    if (file.set == wanted)
      (void)patterns.add_file(file.text, std::string(file.file));  // ours; a test reads them all
  }
  return patterns;
}

std::optional<std::string> add_pattern_directories(grok::PatternSet& patterns,
                                                   const std::vector<std::string>& directories,
                                                   const std::string& glob) {
  for (const std::string& directory : directories) {
    std::error_code error;
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_regular_file(directory, error)) {
      files.push_back(directory);
    } else {
      for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        if (entry.is_regular_file(error) &&
            fnmatch(glob.c_str(), entry.path().filename().c_str(), 0) == 0)
          files.push_back(entry.path());
      }
      if (error) return "cannot read the directory " + directory + ": " + error.message();
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      auto text = config::read_text_file(file.string(), grok::PatternSet::kMaxFileBytes);
      if (!text) return text.error().message;
      if (const auto wrong = patterns.add_file(*text, file.string())) return grok::render(*wrong);
    }
  }
  return std::nullopt;
}

}  // namespace millrace
