#include "pipeline/run/lane.h"

#include "pipeline/observe/thread_name.h"

namespace millrace {

Lane::~Lane() { finish(); }

void Lane::start() {
  thread_ = std::thread([this] {
    name_thread(settings_.name);
    work();
  });
}

bool Lane::full() const {
  std::lock_guard lock(mutex_);
  return bytes_ >= settings_.max_bytes && !lets_go();
}

void Lane::wait_for_room() {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return bytes_ < settings_.max_bytes || lets_go(); });
}

void Lane::notify_of_room() {
  { std::lock_guard lock(mutex_); }
  room_.notify_all();
  on_room_();
}

void Lane::put(std::uint64_t number, std::optional<Delivery> delivery) {
  bool something = false;
  {
    std::lock_guard lock(mutex_);
    if (lets_go()) return;
    if (delivery) {
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
    something = !ready_.empty();
  }
  if (something) filled_.notify_one();
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
  auto fed = feed();
  if (fed) fed = output_.close(give_up_);
  let_go();
  if (!fed) on_gone_(std::move(fed).error());
}

/// Until the last delivery is written, or the process gives up, or the destination is gone.
Result<void> Lane::feed() {
  for (;;) {
    auto waiting = take();
    if (give_up_.requested()) return {};
    if (waiting) {
      auto written = output_.write(std::move(waiting->delivery), give_up_);
      if (!written) return written;
      bool was_full = false;
      {
        std::lock_guard lock(mutex_);
        was_full = bytes_ >= settings_.max_bytes;
        bytes_ -= waiting->bytes;
      }
      if (was_full) notify_of_room();
    }
    const auto due = output_.flush_due();
    if (due && *due <= std::chrono::steady_clock::now()) {
      auto flushed = output_.flush(give_up_);
      if (!flushed) return flushed;
    }
    std::lock_guard lock(mutex_);
    if (finished_ && ready_.empty()) return {};
  }
}

/// The thread ends: the lane holds up nobody any more, and nothing is kept that nobody will take.
void Lane::let_go() {
  std::deque<Waiting> ready;
  std::map<std::uint64_t, std::optional<Waiting>> early;
  {
    std::lock_guard lock(mutex_);
    gone_ = true;
    ready.swap(ready_);
    early.swap(early_);
    bytes_ = 0;
  }
  notify_of_room();
}

void Lane::end() {
  {
    std::lock_guard lock(mutex_);
    finished_ = true;
  }
  filled_.notify_all();
}

void Lane::finish() {
  end();
  if (thread_.joinable()) thread_.join();
}

}  // namespace millrace
