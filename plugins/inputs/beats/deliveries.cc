#include "plugins/inputs/beats/deliveries.h"

namespace millrace::beats {

void Deliveries::expect(bool window) {
  std::lock_guard lock(mutex_);
  windows_.expect(window);
}

void Deliveries::opened(char version) {
  std::lock_guard lock(mutex_);
  windows_.open(version);
}

void Deliveries::completed(std::uint32_t last_sequence, std::uint64_t position) {
  std::lock_guard lock(mutex_);
  windows_.complete(last_sequence, position);
}

void Deliveries::emitting(std::uint64_t position, std::size_t bytes) {
  {
    std::lock_guard lock(mutex_);
    in_flight_.push_back({position, bytes});
  }
  account_.add_in_flight(bytes);
}

void Deliveries::acknowledged(std::uint64_t position) {
  std::size_t bytes = 0;
  {
    std::lock_guard lock(mutex_);
    windows_.acknowledged(position);
    while (!in_flight_.empty() && in_flight_.front().end <= position) {
      bytes += in_flight_.front().bytes;
      in_flight_.pop_front();
    }
  }
  account_.remove_in_flight(bytes);
}

void Deliveries::take(Windows::Time now, std::string& out) {
  std::lock_guard lock(mutex_);
  windows_.take(now, out);
}

std::optional<Windows::Time> Deliveries::stalled_since() const {
  std::lock_guard lock(mutex_);
  return windows_.stalled_since();
}

bool Deliveries::idle() const {
  std::lock_guard lock(mutex_);
  return windows_.idle();
}

std::size_t Deliveries::waiting() const {
  std::lock_guard lock(mutex_);
  return windows_.waiting();
}

}  // namespace millrace::beats
