#pragma once

#include "pipeline/config/value_parser.h"

namespace millrace::config {

/// Appends the sections of one YAML source to `config`:
///
///     input:
///       - beats: { port: 5044 }
///     filter:
///       - if: '[status] >= 500'
///         then: [ { mutate: { add_tag: [ error ] } } ]
///         else: [ drop ]
///     output:
///       - stdout: { codec: { json: { charset: UTF-8 } } }
///
/// A plugin without options may be just its name. Errors are in the context's diagnostics.
void parse_yaml(SourceId source, ReadContext& context, Config& config);

}  // namespace millrace::config
