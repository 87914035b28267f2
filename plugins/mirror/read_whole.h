#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"
#include "plugins/support/kafka/consumer.h"
#include "plugins/support/kafka/properties.h"

namespace millrace::mirror {

/// Gives every record that `partition` has when this is called to `take`, in order; those that
/// others write meanwhile may follow. So it ends beside a busy writer too, of whose partition
/// nobody ever sees the end. `properties` are those of a reader. Errors: what `take` says;
/// Errc::invalid; Errc::timeout where the brokers stay silent for `patience`; Errc::closed on
/// `stop`.
Result<void> read_whole(const kafka::Properties& properties, const std::string& component,
                        const kafka::TopicPartition& partition, std::chrono::milliseconds patience,
                        const StopSignal& stop,
                        const std::function<Result<void>(const kafka::Message&)>& take);

}  // namespace millrace::mirror
