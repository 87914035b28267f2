#include "plugins/support/delivery_inbox.h"

#include <chrono>

namespace millrace {
namespace {

constexpr std::chrono::milliseconds kLookForStop{50};

}  // namespace

void DeliveryInbox::put(Delivery delivery, std::size_t bytes, const StopSignal& stop) {
  std::unique_lock lock(mutex_);
  while (held_bytes_ >= most_bytes_) {
    if (stop.requested()) return;
    changed_.wait_for(lock, kLookForStop);
  }
  held_bytes_ += bytes;
  deliveries_.push_back(std::move(delivery));
  wake_();
}

void DeliveryInbox::finish() {
  const std::lock_guard lock(mutex_);
  finishing_ = true;
  wake_();
}

void DeliveryInbox::give_up() {
  const std::lock_guard lock(mutex_);
  finishing_ = true;
  give_up_ = true;
  wake_();
}

void DeliveryInbox::wait_until_ended(const StopSignal& stop) {
  std::unique_lock lock(mutex_);
  while (!ended_ && !stop.requested()) changed_.wait_for(lock, kLookForStop);
}

DeliveryInbox::Arrived DeliveryInbox::take() {
  const std::lock_guard lock(mutex_);
  return {std::exchange(deliveries_, {}), finishing_, give_up_};
}

void DeliveryInbox::release(std::size_t bytes) {
  if (bytes == 0) return;
  const std::lock_guard lock(mutex_);
  held_bytes_ -= bytes;
  changed_.notify_all();
}

void DeliveryInbox::ended() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

}  // namespace millrace
