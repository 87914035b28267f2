#include "pipeline/run/lane.h"

namespace millrace {

Lane::~Lane() { finish(); }

void Lane::start() {
  thread_ = std::thread([this] { work(); });
}

bool Lane::full() const {
  std::lock_guard lock(mutex_);
  return bytes_ >= settings_.max_bytes;
}

void Lane::put(std::uint64_t number, std::optional<Delivery> delivery) {
  std::unique_lock lock(mutex_);
  if (delivery) {
    // The next in order may always come in: what waits behind it cannot leave before it.
    room_.wait(lock, [&] {
      return bytes_ < settings_.max_bytes ||
             (settings_.ordered && number == next_ && ready_.empty()) || give_up_.requested();
    });
    const std::size_t bytes = delivery->footprint();
    bytes_ += bytes;
    Waiting waiting{std::move(*delivery), bytes};
    if (settings_.ordered)
      early_.emplace(number, std::move(waiting));
    else
      ready_.push_back(std::move(waiting));
  } else if (settings_.ordered) {
    early_.emplace(number, std::nullopt);
  }
  release_in_order();
  const bool something = !ready_.empty();
  lock.unlock();
  if (something) filled_.notify_one();
  room_.notify_all();  // the turn may have come for a worker that waits
}

/// Caller holds mutex_.
void Lane::release_in_order() {
  for (auto first = early_.begin(); first != early_.end() && first->first == next_;
       first = early_.erase(first), ++next_) {
    if (first->second) ready_.push_back(std::move(*first->second));
  }
}

/// The next delivery; nullopt: flush is due, or finished.
std::optional<Lane::Waiting> Lane::take() {
  std::unique_lock lock(mutex_);
  const auto awake = [&] { return finished_ || !ready_.empty(); };
  if (const auto due = output_.flush_due())
    filled_.wait_until(lock, *due, awake);
  else
    filled_.wait(lock, awake);
  if (ready_.empty()) return std::nullopt;
  Waiting waiting = std::move(ready_.front());
  ready_.pop_front();
  return waiting;
}

void Lane::work() {
  for (;;) {
    auto waiting = take();
    if (waiting) {
      output_.write(std::move(waiting->delivery), give_up_);
      {
        std::lock_guard lock(mutex_);
        bytes_ -= waiting->bytes;
      }
      room_.notify_all();
    }
    const auto due = output_.flush_due();
    if (due && *due <= std::chrono::steady_clock::now()) output_.flush(give_up_);
    std::lock_guard lock(mutex_);
    if (finished_ && ready_.empty()) break;
  }
  output_.close(give_up_);
}

void Lane::finish() {
  {
    std::lock_guard lock(mutex_);
    finished_ = true;
  }
  filled_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace millrace
