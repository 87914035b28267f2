#include "pipeline/event/arena.h"

#include <mutex>
#include <new>

namespace millrace {
namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;

/// Free chunks of the usual size. Bounded, so that a burst's memory goes back to the system.
class ChunkPool {
 public:
  static ChunkPool& instance() {
    static auto* pool = new ChunkPool;  // never destroyed: batches may outlive static destruction
    return *pool;
  }

  char* take() {
    {
      std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        char* chunk = free_.back();
        free_.pop_back();
        return chunk;
      }
    }
    return static_cast<char*>(::operator new(kChunkBytes));
  }

  void give(char* chunk) {
    {
      std::lock_guard lock(mutex_);
      if (free_.size() < kMostFree) {
        free_.push_back(chunk);
        return;
      }
    }
    ::operator delete(chunk);
  }

 private:
  static constexpr std::size_t kMostFree = 64;
  std::mutex mutex_;
  std::vector<char*> free_;  // guarded by mutex_
};

}  // namespace

void* Arena::allocate_slow(std::size_t bytes) {
  if (bytes + kReadPadding >
      kChunkBytes / 4) {  // a giant gets memory of its own; the current chunk stays in use
    auto* memory = static_cast<char*>(::operator new(bytes + kReadPadding));
    chunks_.push_back({memory, bytes + kReadPadding});
    footprint_ += bytes + kReadPadding;
    return memory;
  }
  char* chunk = ChunkPool::instance().take();
  chunks_.push_back({chunk, kChunkBytes});
  footprint_ += kChunkBytes;
  next_ = chunk + bytes;
  end_ = chunk + kChunkBytes - kReadPadding;
  return chunk;
}

void Arena::reset() {
  Chunk kept{nullptr, 0};
  for (const Chunk& chunk : chunks_) {
    if (chunk.bytes != kChunkBytes)
      ::operator delete(chunk.memory);
    else if (!kept.memory)
      kept = chunk;
    else
      ChunkPool::instance().give(chunk.memory);
  }
  chunks_.clear();
  footprint_ = kept.bytes;
  next_ = kept.memory;
  end_ = kept.memory;
  if (kept.memory) {
    chunks_.push_back(kept);
    end_ = kept.memory + kChunkBytes - kReadPadding;
  }
}

void Arena::release() {
  reset();
  if (!chunks_.empty()) ChunkPool::instance().give(chunks_.front().memory);
  chunks_.clear();
}

}  // namespace millrace
