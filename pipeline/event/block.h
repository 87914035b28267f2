#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace millrace {

/// A raw buffer that an input reads into and whose bytes field values view. Shared by reference
/// count; the last owner returns it to a process-wide pool. The count is thread-safe; the bytes are
/// written by the input before the block is shared, and by nobody after.
class Block {
 public:
  /// A block with room for at least `bytes`, followed by kReadPadding readable bytes. Usual sizes
  /// come from the pool.
  static class BlockRef acquire(std::size_t bytes);

  char* data() { return reinterpret_cast<char*>(this + 1); }
  const char* data() const { return reinterpret_cast<const char*>(this + 1); }
  std::size_t capacity() const { return capacity_; }

 private:
  friend class BlockRef;
  explicit Block(std::size_t capacity) : capacity_(capacity) {}
  static void release(Block* block);

  std::atomic<std::uint32_t> owners_{1};
  std::size_t capacity_;
};

/// Owning reference to a Block.
class BlockRef {
 public:
  BlockRef() = default;
  BlockRef(const BlockRef& other) : block_(other.block_) {
    if (block_) block_->owners_.fetch_add(1, std::memory_order_relaxed);
  }
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() {
    if (block_ && block_->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      Block::release(block_);
  }

  Block* operator->() const { return block_; }
  Block& operator*() const { return *block_; }
  explicit operator bool() const { return block_ != nullptr; }

 private:
  friend class Block;
  explicit BlockRef(Block* block) : block_(block) {}
  Block* block_ = nullptr;
};

}  // namespace millrace
