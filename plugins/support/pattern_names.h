#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"

namespace millrace {

/// Named patterns, for expressions that only have to match: `^%{TIMESTAMP_ISO8601} `.
class PatternNames {
 public:
  /// With the names for numbers, words and times that lines begin with.
  PatternNames();

  /// Adds the definitions of a file, or of all files of a directory: `NAME expression` on each line,
  /// `#` before comments. Later definitions replace earlier ones. Errors: Errc::io, Errc::not_found.
  Result<void> load(const std::string& path);

  /// `expression` with each `%{NAME}` and `%{NAME:field}` replaced by what it stands for. Errors:
  /// Errc::not_found naming the pattern that is not there, Errc::invalid for one that contains
  /// itself, Errc::limit.
  Result<std::string> expand(std::string_view expression) const;

 private:
  Result<void> load_file(const std::string& path);
  Result<void> expand_into(std::string_view expression, std::vector<std::string>& open,
                           std::string& out) const;

  std::map<std::string, std::string, std::less<>> patterns_;
};

}  // namespace millrace
