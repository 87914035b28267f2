#include "plugins/support/grok_patterns.h"

#include <fnmatch.h>
#include <glob.h>

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

namespace {

using Paths = std::vector<std::filesystem::path>;

/// The files that a path with wildcards fits.
Paths files_like(const std::string& wildcards) {
  Paths files;
  glob_t found{};
  if (glob(wildcards.c_str(), GLOB_BRACE, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      std::error_code error;
      if (std::filesystem::is_regular_file(found.gl_pathv[i], error))
        files.emplace_back(found.gl_pathv[i]);
    }
  globfree(&found);
  return files;
}

/// The files that `path` names: itself, those of the directory whose names fit `names`, or what its
/// own wildcards fit. A name that begins with a point fits only where the wildcards do.
Paths pattern_files(const std::string& path, const std::string& names, std::error_code& error) {
  if (std::filesystem::is_regular_file(path, error)) return {path};
  if (!std::filesystem::exists(path, error) && path.find_first_of("*?[{") != std::string::npos) {
    error.clear();
    return files_like(path);
  }
  Paths files;
  std::filesystem::directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    if (entry->is_regular_file(gone) &&
        fnmatch(names.c_str(), entry->path().filename().c_str(), FNM_PERIOD) == 0)
      files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::optional<std::string> add_pattern_directories(grok::PatternSet& patterns,
                                                   const std::vector<std::string>& directories,
                                                   const std::string& glob) {
  for (const std::string& directory : directories) {
    std::error_code error;
    const Paths files = pattern_files(directory, glob, error);
    if (error) return "cannot read the directory " + directory + ": " + error.message();
    for (const auto& file : files) {
      auto text = config::read_text_file(file.string(), grok::PatternSet::kMaxFileBytes);
      if (!text) return text.error().message;
      if (const auto wrong = patterns.add_file(*text, file.string())) return grok::render(*wrong);
    }
  }
  return std::nullopt;
}

}  // namespace millrace
