#include "pipeline/event/block.h"

#include <mutex>
#include <new>
#include <vector>

#include "pipeline/event/arena.h"

namespace millrace {
namespace {

constexpr std::size_t kPooledBytes = 128 * 1024;
constexpr std::size_t kMostFree = 64;

struct BlockPool {
  std::mutex mutex;
  std::vector<Block*> free;  // guarded by mutex
};

BlockPool& pool() {
  static auto* instance = new BlockPool;  // never destroyed: batches may outlive static destruction
  return *instance;
}

}  // namespace

BlockRef Block::acquire(std::size_t bytes) {
  const bool pooled = bytes <= kPooledBytes;
  if (pooled) {
    std::lock_guard lock(pool().mutex);
    if (!pool().free.empty()) {
      Block* block = pool().free.back();
      pool().free.pop_back();
      block->owners_.store(1, std::memory_order_relaxed);
      return BlockRef(block);
    }
  }
  const std::size_t capacity = pooled ? kPooledBytes : bytes;
  void* memory = ::operator new(sizeof(Block) + capacity + kReadPadding);
  return BlockRef(new (memory) Block(capacity));
}

void Block::release(Block* block) {
  if (block->capacity_ == kPooledBytes) {
    std::lock_guard lock(pool().mutex);
    if (pool().free.size() < kMostFree) {
      pool().free.push_back(block);
      return;
    }
  }
  block->~Block();
  ::operator delete(block);
}

}  // namespace millrace
