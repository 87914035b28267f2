#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"

namespace millrace::kafka {

/// A login module's line, as `sasl.jaas.config` of Java's client has it: a class, a flag, settings,
/// a semicolon.
struct JaasLine {
  std::string module;  ///< "PlainLoginModule": without its package
  std::vector<std::pair<std::string, std::string>> settings;

  /// "" where it is not given.
  std::string_view get(std::string_view name) const;
};

/// Errors: Errc::invalid saying where it stops making sense, without the text, which holds a
/// password.
Result<JaasLine> parse_jaas(std::string_view text);

}  // namespace millrace::kafka
