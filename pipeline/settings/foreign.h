#pragma once

#include <string_view>

namespace millrace::settings {

/// Whether Logstash knows a setting of this name that says nothing to millrace: its JVM, its plugin
/// manager, its commercial bundle.
bool is_foreign(std::string_view name);

}  // namespace millrace::settings
