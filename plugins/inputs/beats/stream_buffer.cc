#include "plugins/inputs/beats/stream_buffer.h"

#include <cstring>

namespace millrace::beats {
namespace {

constexpr std::size_t kMostParked = 16 * 1024;

}  // namespace

std::span<char> StreamBuffer::room(std::size_t least) {
  if (!block_ || shared_ || block_->capacity() - end_ < least) {
    const std::string_view kept = unread();
    // Twice what is there, so that a frame which arrives in small pieces is copied a few times
    // only.
    BlockRef larger = Block::acquire(2 * kept.size() + least);
    if (!kept.empty()) std::memcpy(larger->data(), kept.data(), kept.size());
    begin_ = 0;
    end_ = kept.size();
    block_ = std::move(larger);
    parked_ = {};
    shared_ = false;
  }
  return {block_->data() + end_, block_->capacity() - end_};
}

std::string_view StreamBuffer::unread() const {
  const char* const from = block_ ? block_->data() : parked_.data();
  return {from + begin_, end_ - begin_};
}

void StreamBuffer::park() {
  if (!block_ || end_ - begin_ > kMostParked) return;
  parked_ = std::string(unread());
  begin_ = 0;
  end_ = parked_.size();
  block_ = {};
  shared_ = false;
}

}  // namespace millrace::beats
