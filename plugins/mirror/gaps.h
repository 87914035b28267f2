#pragma once

#include <cstdint>
#include <string>

#include "plugins/support/kafka/consumer.h"

namespace millrace::mirror {

/// Records of the source that were gone before they were read, as it is noted for tools in the
/// flow's offsets topic, in the partition of the shard: in one transaction with the position behind
/// them, so that there is never the one without the other. Where the partition is stopped the
/// position stays in front of them.
///
/// A partition that is still stopped writes it again with each start.
///
/// Key: `@gap orders/3 200`, where the last number is the first offset. Value:
/// `v=1 first=200 last=249 found=1790000000000 done=skipped`. A key for each gap: compaction keeps
/// them all.
struct Gap {
  kafka::TopicPartition place;
  std::int64_t first = 0;
  std::int64_t last = 0;  ///< likewise lost
  bool skipped = false;   ///< `done=skipped`; else `done=stopped`

  std::string key() const;
};
/// `found_ms`: when it was found, since 1970.
std::string encode(const Gap& gap, std::int64_t found_ms);

}  // namespace millrace::mirror
