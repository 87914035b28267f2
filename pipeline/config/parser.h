#pragma once

#include <optional>

#include "pipeline/config/value_parser.h"

/// The reader of `.conf` texts: recursive descent by hand, so that it can say what it expected,
/// guess what was meant, and go on after an error to find the next one. It never throws, and its
/// time is linear in the text.
namespace millrace::config {

/// Appends the sections of one source to `config`. Errors are in the context's diagnostics; what
/// could be read is appended all the same.
void parse_conf(SourceId source, ReadContext& context, Config& config);

/// A condition on its own, as YAML's `if:` holds one. nullopt: reported.
std::optional<Condition> parse_condition(std::string_view text, TextOrigin origin,
                                         ReadContext& context);

}  // namespace millrace::config
