#include "pipeline/delivery/receipt.h"

#include <utility>

namespace millrace {

void Receipt::settle(std::uint32_t events) {
  if (pending_.fetch_sub(events, std::memory_order_acq_rel) == events) owner_.settled(this);
}

Receipt* Receipts::open(SourcePosition position, std::uint32_t events) {
  std::lock_guard lock(mutex_);
  const std::uint64_t number = partitions_[position.partition].open(position.position);
  auto* receipt = new Receipt(*this, position.partition, number, events);
  receipt->next_ = open_;
  if (open_) open_->previous_ = receipt;
  open_ = receipt;
  return receipt;
}

Receipts::~Receipts() {
  while (open_) delete std::exchange(open_, open_->next_);
}

void Receipts::settled(Receipt* receipt) {
  const std::unique_ptr<Receipt> owned(receipt);
  std::lock_guard lock(mutex_);
  (receipt->previous_ ? receipt->previous_->next_ : open_) = receipt->next_;
  if (receipt->next_) receipt->next_->previous_ = receipt->previous_;
  const auto partition = partitions_.find(receipt->partition_);
  const auto moved = partition->second.settle(receipt->number_);
  if (moved) listener_.acknowledged({receipt->partition_, *moved});
  if (partition->second.waiting() == 0) partitions_.erase(partition);
}

std::size_t Receipts::waiting() const {
  std::lock_guard lock(mutex_);
  std::size_t waiting = 0;
  for (const auto& [id, frontier] : partitions_) waiting += frontier.waiting();
  return waiting;
}

}  // namespace millrace
