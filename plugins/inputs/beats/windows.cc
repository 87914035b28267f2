#include "plugins/inputs/beats/windows.h"

#include <algorithm>

namespace millrace::beats {
namespace {

void append_ack(char version, std::uint32_t sequence, std::string& out) {
  out += version;
  out += 'A';
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(sequence >> shift & 0xff);
}

}  // namespace

void Windows::open(char version) {
  open_ = true;
  open_version_ = version;
  version_1_ += version == '1';
}

void Windows::complete(std::uint32_t last_sequence, std::uint64_t position) {
  open_ = false;
  waiting_.push_back({open_version_, last_sequence, position});
}

void Windows::acknowledged(std::uint64_t position) { delivered_ = std::max(delivered_, position); }

void Windows::take(Time now, std::string& out) {
  const std::size_t before = out.size();
  while (!waiting_.empty() && waiting_.front().end <= delivered_) {
    append_ack(waiting_.front().version, waiting_.front().last_sequence, out);
    version_1_ -= waiting_.front().version == '1';
    waiting_.pop_front();
  }
  if (out.size() > before || owes_nothing() || !quiet_since_) quiet_since_ = now;
  if (!owes_nothing() && version_1_ == 0 && now - *quiet_since_ >= keepalive_) {
    append_ack('2', 0, out);
    quiet_since_ = now;
  }
}

}  // namespace millrace::beats
