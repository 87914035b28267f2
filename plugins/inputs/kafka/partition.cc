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
  if (found == all_.end()) return;
  found->second->delivered.store(static_cast<std::int64_t>(position.position),
                                 std::memory_order_release);
  changed_.notify_all();
}

bool Partitions::wait_until_delivered(const Partition& partition, std::int64_t offset,
                                      std::chrono::steady_clock::time_point limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(
      lock, limit, [&] { return partition.delivered.load(std::memory_order_acquire) >= offset; });
}

}  // namespace millrace::kafka::in
