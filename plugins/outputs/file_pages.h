#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/delivery/delivery.h"
#include "pipeline/event/buffer.h"

namespace millrace {

/// The encoded events of a delivery, by the file that they go to. Mostly there is one.
struct Pages : Parcel {
  struct Page {
    std::string path;
    Buffer bytes;
    std::size_t done = 0;
  };
  std::vector<Page> pages;
  std::optional<std::size_t> failures;  ///< the page of events whose path left the base directory

  /// Adds a page; its place in `pages`.
  std::size_t add(std::string path, Buffer bytes) {
    pages.push_back({std::move(path), std::move(bytes)});
    return pages.size() - 1;
  }
};

/// Buffers for encoding that are used again: warm memory, grown already. Thread-safe.
class BufferPool {
 public:
  Buffer take() {
    const std::lock_guard lock(mutex_);
    if (spare_.empty()) return {};
    Buffer buffer = std::move(spare_.back());
    spare_.pop_back();
    return buffer;
  }
  void give(Buffer buffer) {
    constexpr std::size_t kMostSpare = 8;
    buffer.recycle(std::size_t{2} << 20);
    const std::lock_guard lock(mutex_);
    if (spare_.size() < kMostSpare) spare_.push_back(std::move(buffer));
  }

 private:
  std::mutex mutex_;
  std::vector<Buffer> spare_;  // guarded by mutex_
};

}  // namespace millrace
