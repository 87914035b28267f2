#pragma once

#include <string>

#include "pipeline/plugin/registry.h"

/// What `millrace plugins` prints, all of it from the plugins' own option tables.
namespace millrace::cli {

/// A line for each plugin, by kind.
std::string plugin_list(const Registry& registry);

/// The options of every plugin of that name (there may be an input and an output), for a terminal.
/// "" where there is none.
std::string plugin_page(const Registry& registry, const std::string& name);

/// The reference as Markdown, one page for each kind of plugin: "inputs", "filters", "outputs",
/// "codecs".
std::string reference_page(const Registry& registry, const std::string& kind);

}  // namespace millrace::cli
