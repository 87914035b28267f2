#pragma once

#include <span>
#include <string>
#include <vector>

#include "plugins/support/kafka/consumer.h"

namespace millrace::kafka::in {

/// Partitions as the option `assign` names them: "orders:0", or "orders:0-11" for a run of them.
/// Errors: Errc::invalid with the text at fault, what was expected, or which partition is there
/// twice; also for more than kMostAssigned.
Result<std::vector<TopicPartition>> parse_assigned(std::span<const std::string> texts);
inline constexpr std::size_t kMostAssigned = 10'000;

/// What member `number` of `members` reads of them: each has its share, none is read twice.
std::vector<TopicPartition> share_of(std::span<const TopicPartition> all, std::size_t number,
                                     std::size_t members);

}  // namespace millrace::kafka::in
