#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"
#include "plugins/mirror/audit.h"
#include "plugins/mirror/config.h"
#include "plugins/support/kafka/consumer.h"

/// Compares topics of a flow's source with their copies on the target, as brokers hold them now.
namespace millrace::mirror {

struct VerifyOptions {
  std::vector<std::string> topics;       ///< of the source; empty: all that the flow selects
  std::optional<std::int64_t> since_ms;  ///< from the first record of this time or later
  std::optional<std::int64_t> until_ms;  ///< up to the first record of this time or later
};

/// One partition and what was found in it. A partition that one side has not counts as empty.
struct VerifiedPartition {
  kafka::TopicPartition source;
  std::string target_topic;
  Audit audit;
};

struct VerifyReport {
  /// Each finding as it is made, in order.
  std::function<void(const kafka::TopicPartition&, const Finding&)> finding;
  std::function<void(const VerifiedPartition&)> partition;
};

struct VerifyTotals {
  std::size_t topics = 0;
  std::size_t partitions = 0;
  std::size_t unequal = 0;    ///< partitions
  std::uint64_t records = 0;  ///< of the source
  Audit sum;                  ///< counts only
};

/// Reads both sides as they are now: what is produced meanwhile is left out, but a copy that is
/// still on its way counts as missing. Memory does not grow with the records. Errors: of the
/// clusters, which make a comparison impossible; Errc::not_found for a topic that the flow does not
/// select or the source does not have; Errc::closed on `stop`.
Result<VerifyTotals> verify(const FlowSettings& flow, const VerifyOptions& options,
                            const VerifyReport& report, const StopSignal& stop);

}  // namespace millrace::mirror
