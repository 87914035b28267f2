#include "pipeline/run/batch_queue.h"

namespace millrace {

bool BatchQueue::push(Batch::Ptr& batch) {
  const std::size_t bytes = batch->footprint();
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return closed_ || batches_.empty() || bytes_ + bytes <= max_bytes_; });
    if (closed_) return false;
    bytes_ += bytes;
    batches_.push_back({next_number_++, std::move(batch)});
  }
  filled_.notify_one();
  return true;
}

std::optional<NumberedBatch> BatchQueue::pop() {
  std::optional<NumberedBatch> taken;
  {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return closed_ || !batches_.empty(); });
    if (batches_.empty()) return std::nullopt;
    taken = std::move(batches_.front());
    batches_.pop_front();
    bytes_ -= taken->batch->footprint();
  }
  room_.notify_all();  // inputs wait for different amounts of room
  return taken;
}

void BatchQueue::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  room_.notify_all();
  filled_.notify_all();
}

std::size_t BatchQueue::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace millrace
