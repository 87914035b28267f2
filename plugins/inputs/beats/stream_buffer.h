#pragma once

#include <span>
#include <string>
#include <string_view>

#include "pipeline/event/block.h"

namespace millrace::beats {

/// The bytes of a stream that are not parsed yet, together in one Block, so that a batch can hold
/// the block and view what was parsed.
///
/// Grows with the bytes that came, never with what a peer announces. A stream that waits with few
/// bytes holds no block (park()).
class StreamBuffer {
 public:
  /// Room for at least `least` more bytes behind unread(), which may move to another block.
  std::span<char> room(std::size_t least);
  void commit(std::size_t bytes) { end_ += bytes; }

  std::string_view unread() const;
  void consume(std::size_t bytes) { begin_ += bytes; }

  /// What unread() lies in. Only between room() and the next share() or park().
  const BlockRef& block() const { return block_; }
  /// The block is somebody else's too from now on: the next room() is in another one.
  void share() { shared_ = true; }

  /// Gives the block back where what is unread is small.
  void park();

  /// Bytes of memory it holds.
  std::size_t footprint() const { return block_ ? block_->capacity() : parked_.capacity(); }

 private:
  BlockRef block_;  // holds unread() from begin_ to end_; else they are in parked_
  std::string parked_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool shared_ = false;
};

}  // namespace millrace::beats
