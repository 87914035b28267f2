#pragma once

#include "pipeline/cli/form.h"
#include "plugins/mirror/config.h"

namespace millrace {

/// `input { kafka { ... } } output { kafka { mirror => true ... } }`, and nothing else: a flow of
/// the mirror in a pipeline. No record becomes an event.
cli::PipelineForm mirror_form();

namespace mirror {

/// The flow that such a configuration asks for. The input's brokers and topics are its source, the
/// output's brokers its target; `mirror_options` holds the other keys of a flow's file. nullopt:
/// the diagnostics say why; options that a mirror has no use for are among it.
std::optional<FlowSettings> read_form(const config::Plugin& input, const config::Plugin& output,
                                      const PipelineInfo& info, config::Diagnostics& diagnostics);

}  // namespace mirror
}  // namespace millrace
