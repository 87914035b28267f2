#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace millrace {

/// Bytes after every arena allocation and every Block that may be read, never written, so that SIMD
/// code may overrun.
inline constexpr std::size_t kReadPadding = 64;

/// Bump allocator whose memory dies all at once. Holds trivially destructible things only.
///
/// Chunks come from a process-wide pool and go back to it, so a running pipeline stops calling
/// malloc. Not thread-safe; it moves between threads with its batch.
class Arena {
 public:
  Arena() = default;
  ~Arena() { release(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Uninitialised memory, 8-byte aligned.
  void* allocate(std::size_t bytes) {
    bytes = (bytes + 7) & ~std::size_t{7};
    if (bytes > static_cast<std::size_t>(end_ - next_)) return allocate_slow(bytes);
    void* p = next_;
    next_ += bytes;
    return p;
  }

  template <typename T>
  T* array(std::size_t count) {
    return static_cast<T*>(allocate(count * sizeof(T)));
  }

  /// A copy of `text` that lives as long as the arena.
  std::string_view copy(std::string_view text) {
    char* p = array<char>(text.size());
    if (!text.empty()) std::memcpy(p, text.data(), text.size());
    return {p, text.size()};
  }

  /// Frees everything but keeps one chunk for reuse.
  void reset();

  /// Bytes taken from the pool or from malloc, used or not.
  std::size_t footprint() const { return footprint_; }

 private:
  struct Chunk {
    char* memory;
    std::size_t bytes;
  };
  void* allocate_slow(std::size_t bytes);
  void release();

  char* next_ = nullptr;
  char* end_ = nullptr;
  std::size_t footprint_ = 0;
  std::vector<Chunk> chunks_;
};

}  // namespace millrace
