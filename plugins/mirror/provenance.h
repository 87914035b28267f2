#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "plugins/support/kafka/producer.h"

namespace millrace::mirror {

/// Each cluster that a record was mirrored from adds a header of this name, with its cluster id, to
/// the end: the origin is the first of them.
inline constexpr std::string_view kHopHeader = "millrace.hop";
/// `CLUSTER/TOPIC/PARTITION/OFFSET` of where a record was read, where that is asked for.
inline constexpr std::string_view kSourceHeader = "millrace.src";

/// Whether a record with these headers must not go on to the cluster `target`: it was there, or it
/// passed more than `max_hops` clusters. `source` is where it was read.
bool goes_in_circles(std::span<const kafka::Header> headers, std::string_view source,
                     std::string_view target, std::int64_t max_hops);

}  // namespace millrace::mirror
