#pragma once

#include <optional>
#include <string_view>

#include "pipeline/event/timestamp.h"

namespace millrace {

/// Reads an ISO 8601 time as Joda-Time does, for the date filter's `ISO8601`; its parts are those
/// of parse_iso8601():
///
///   whole     [+]date [T [time] [offset]] | T time [offset], of 1970-01-01
///             | date space time [space] [offset]
std::optional<Timestamp> parse_joda_iso8601(std::string_view text, const Zone& zone);

}  // namespace millrace
