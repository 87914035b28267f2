#include "plugins/mirror/rate_limit.h"

#include <algorithm>

namespace millrace::mirror {

bool RateLimit::is_open(Clock::time_point now) {
  if (rate_ <= 0) return true;
  const std::lock_guard lock(mutex_);
  const std::chrono::duration<double> passed = now - at_;
  if (passed.count() > 0) {  // another shard may have asked with a later time
    room_ = std::min(rate_, room_ + passed.count() * rate_);
    at_ = now;
  }
  return room_ > 0;
}

void RateLimit::take(std::uint64_t bytes) {
  if (rate_ <= 0) return;
  const std::lock_guard lock(mutex_);
  room_ -= static_cast<double>(bytes);
}

}  // namespace millrace::mirror
