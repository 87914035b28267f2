#include "pipeline/run/batch_queue.h"

#include <algorithm>

namespace millrace {

/// Caller holds mutex_, as in all that follows.
bool BatchQueue::fits(const Source& source, std::size_t bytes) const {
  if (source.batches.empty()) return true;
  const std::size_t share = sources_.size() > 1 ? max_bytes_ / 2 : max_bytes_;
  return bytes_ + bytes <= max_bytes_ && source.bytes + bytes <= share;
}

/// True: a batch of `bytes` may come in. False: who pushes it waits, and is told of room.
bool BatchQueue::lets_in(Source& source, std::size_t bytes) const {
  if (closed_ || fits(source, bytes)) return true;
  source.wanted = std::min(source.wanted.value_or(bytes), bytes);
  return false;
}

/// Wakes those for whom there is room now. Not all: an input that is held would be woken, in vain,
/// by each batch of the others.
void BatchQueue::tell_of_room() {
  for (Source& source : sources_) {
    if (!source.wanted || !fits(source, *source.wanted)) continue;
    source.wanted.reset();  // who still has no room says so again
    source.room.notify_all();
  }
}

bool BatchQueue::is_held(Source& source) {
  std::erase_if(source.held_by, [](const Sink* sink) { return !sink->full(); });
  return !source.held_by.empty();
}

/// The source whose batch came first, of those that are not held; nullptr: none.
BatchQueue::Source* BatchQueue::next() {
  Source* first = nullptr;
  for (Source& source : sources_) {
    if (source.batches.empty() || is_held(source)) continue;
    if (!first || source.batches.front().arrival < first->batches.front().arrival) first = &source;
  }
  return first;
}

bool BatchQueue::push(Batch::Ptr& batch, std::size_t source, const std::function<void()>& held_up) {
  const std::size_t bytes = batch->footprint();
  {
    std::unique_lock lock(mutex_);
    Source& own = sources_[source];
    while (!own.room.wait_for(lock, kHeldUpEvery, [&] { return lets_in(own, bytes); })) {
      lock.unlock();
      if (held_up) held_up();
      lock.lock();
    }
    if (closed_) return false;
    bytes_ += bytes;
    own.bytes += bytes;
    own.batches.push_back({arrivals_++, std::move(batch)});
  }
  filled_.notify_one();
  return true;
}

std::optional<NumberedBatch> BatchQueue::pop() {
  std::optional<NumberedBatch> taken;
  bool drained = false;
  {
    std::unique_lock lock(mutex_);
    Source* source = nullptr;
    filled_.wait(lock, [&] {
      source = next();
      return source || (closed_ && numbers_ == arrivals_);
    });
    if (!source) return std::nullopt;
    const auto at = static_cast<std::size_t>(source - sources_.data());
    taken = {numbers_++, at, std::move(source->batches.front().batch)};
    source->batches.pop_front();
    source->bytes -= taken->batch->footprint();
    bytes_ -= taken->batch->footprint();
    drained = closed_ && numbers_ == arrivals_;
    tell_of_room();
  }
  if (drained) filled_.notify_all();
  return taken;
}

void BatchQueue::hold(std::size_t source, const Sink& sink) {
  std::lock_guard lock(mutex_);
  std::vector<const Sink*>& held_by = sources_[source].held_by;
  if (std::find(held_by.begin(), held_by.end(), &sink) == held_by.end()) held_by.push_back(&sink);
}

void BatchQueue::look_again() {
  // Whoever has just looked waits by the time that this lock is held.
  { std::lock_guard lock(mutex_); }
  filled_.notify_all();
}

void BatchQueue::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    for (Source& source : sources_) source.room.notify_all();
  }
  filled_.notify_all();
}

std::size_t BatchQueue::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace millrace
