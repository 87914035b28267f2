#pragma once

#include <span>
#include <string_view>

namespace millrace {

/// A pattern file as it was when this binary was built.
struct EmbeddedPatternFile {
  std::string_view set;   ///< "legacy" or "ecs-v1"
  std::string_view file;  ///< its name: "httpd"
  std::string_view text;
};

/// All files of patterns/, so that the binary needs nothing beside it.
std::span<const EmbeddedPatternFile> embedded_patterns();

}  // namespace millrace
