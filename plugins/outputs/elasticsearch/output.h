#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Events into Elasticsearch and OpenSearch, by bulk requests.
///
/// From here: options.h (what can be set), encode.h (events to actions, on the workers), jobs.h
/// (what is sent when, and what answers mean for it), decide.h (the tables of answers), sender.h
/// (the thread with the connections), hosts.h and setup.h (the cluster).
OutputPlugin elasticsearch_output();

}  // namespace millrace
