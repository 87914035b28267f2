#include "plugins/inputs/kafka/partition.h"

namespace millrace::kafka::in {

PartitionPtr Partitions::add(TopicPartition place, std::unique_ptr<Decoder> decoder) {
  auto partition = std::make_shared<Partition>();
  partition->source = place.topic + '-' + std::to_string(place.partition);
  partition->place = std::move(place);
  partition->decoder = std::move(decoder);
  const std::lock_guard lock(mutex_);
  partition->id = ++made_;
  all_.emplace(partition->id, partition);
  return partition;
}

void Partitions::remove(const Partition& partition) {
  const std::lock_guard lock(mutex_);
  all_.erase(partition.id);
}

void Partitions::delivered(SourcePosition position) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(position.partition);
  if (found != all_.end())
    found->second->delivered.store(static_cast<std::int64_t>(position.position),
                                   std::memory_order_release);
}

}  // namespace millrace::kafka::in
