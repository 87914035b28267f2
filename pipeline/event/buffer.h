#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace millrace {

/// Growable bytes for encoders: like std::string, but growing never zero-fills and the tail can be
/// written in place.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { std::free(data_); }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  /// Makes room for `extra` more bytes and returns where they start; commit() what was written
  /// there.
  char* reserve(std::size_t extra) {
    if (capacity_ - size_ < extra) grow(extra);
    return data_ + size_;
  }
  void commit(std::size_t written) { size_ += written; }

  void append(std::string_view text) {
    char* to = reserve(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    size_ += text.size();
  }
  void push_back(char c) {
    *reserve(1) = c;
    ++size_;
  }

  void clear() { size_ = 0; }
  /// Drops all but the first `size` bytes.
  void truncate(std::size_t size) { size_ = size; }
  /// Empties it, and frees the memory where it has grown past `most_kept` bytes: one giant event
  /// must not pin memory for good.
  void recycle(std::size_t most_kept) {
    size_ = 0;
    if (capacity_ <= most_kept) return;
    std::free(std::exchange(data_, nullptr));
    capacity_ = 0;
  }

  const char* data() const { return data_; }
  char* data() { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  void grow(std::size_t extra) {
    std::size_t want = capacity_ ? capacity_ * 2 : 256;
    if (want < size_ + extra) want = size_ + extra;
    auto* data = static_cast<char*>(std::realloc(data_, want));
    if (!data) throw std::bad_alloc();  // out of memory ends the process, as everywhere
    data_ = data;
    capacity_ = want;
  }

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace millrace
