#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/config/ast.h"
#include "pipeline/config/diagnostics.h"
#include "pipeline/config/variables.h"

namespace millrace::config {

struct LoadOptions {
  bool support_escapes = false;
  VariableLookup variables =
      environment();  ///< a keystore is asked first: either(keystore, environment())
};

/// A configuration with all that is needed to speak about it.
struct Loaded {
  SourceSet sources;
  Config config;
  Diagnostics diagnostics;
};

/// The files that `path` names, in the order in which they are joined: a file, all files of a
/// directory, or a glob
/// (`*`, `?`, `[a-z]`, `{a,b}`, one `**/` for directories up to 8 levels deep), sorted by bytes. Of
/// a directory hidden files, backups (`name~`) and the settings files of millrace are left out.
/// Errors: Errc::not_found where nothing matches, Errc::io.
Result<std::vector<std::string>> config_files(const std::string& path);

/// Reads every file that `path` names as one configuration. `.yml` and `.yaml` files are YAML, all
/// others `.conf`.
Loaded load_path(const std::string& path, const LoadOptions& options);

/// Reads a text, as `-e` gives it; `name` stands for it in messages. Where it has no input, events
/// are read from stdin; where it has no output, they are printed with rubydebug.
Loaded load_string(std::string text, std::string name, const LoadOptions& options);

/// The whole of one file, at most `limit` bytes, which must be UTF-8. Errors: Errc::io,
/// Errc::limit, Errc::invalid with the line.
Result<std::string> read_text_file(const std::string& path, std::size_t limit);

}  // namespace millrace::config
