#include "plugins/inputs/beats/windows.h"

#include <algorithm>
#include <utility>

namespace millrace::beats {
namespace {

void append_ack(char version, std::uint32_t sequence, std::string& out) {
  out += version;
  out += 'A';
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(sequence >> shift & 0xff);
}

}  // namespace

void Windows::expect(bool window) {
  moved_ |= window && !expected_;
  expected_ = window;
}

void Windows::open(char version) {
  open_ = true;
  open_version_ = version;
  version_1_ += version == '1';
}

void Windows::complete(std::uint32_t last_sequence, std::uint64_t position) {
  open_ = false;
  moved_ |= waiting_.empty();
  waiting_.push_back({open_version_, last_sequence, position});
}

void Windows::acknowledged(std::uint64_t position) {
  moved_ |= position > delivered_;
  delivered_ = std::max(delivered_, position);
}

/// Events of the oldest window, which is not done; 0 also where nobody is to know.
std::uint32_t Windows::part_done() const {
  if (!partial_acks_ || waiting_.empty() || version_1_ > 0) return 0;
  const Complete& oldest = waiting_.front();
  const bool numbered_from_1 = oldest.last_sequence == oldest.end - acknowledged_;
  if (!numbered_from_1 || delivered_ <= acknowledged_) return 0;
  return static_cast<std::uint32_t>(delivered_ - acknowledged_);
}

std::optional<Windows::Time> Windows::stalled_since() const {
  if (waiting_.empty() && !expected_) return std::nullopt;
  return moved_at_;
}

void Windows::take(Time now, std::string& out) {
  const std::size_t before = out.size();
  while (!waiting_.empty() && waiting_.front().end <= delivered_) {
    append_ack(waiting_.front().version, waiting_.front().last_sequence, out);
    version_1_ -= waiting_.front().version == '1';
    acknowledged_ = waiting_.front().end;
    part_said_ = 0;
    waiting_.pop_front();
  }
  if (std::exchange(moved_, false)) moved_at_ = now;
  if (const std::uint32_t part = part_done(); part > part_said_) {
    append_ack('2', part, out);
    part_said_ = part;
  }
  if (out.size() > before || owes_nothing() || !quiet_since_) quiet_since_ = now;
  if (!owes_nothing() && version_1_ == 0 && now - *quiet_since_ >= keepalive_) {
    append_ack('2', part_said_, out);
    quiet_since_ = now;
  }
}

}  // namespace millrace::beats
