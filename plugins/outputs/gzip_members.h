#pragma once

#include <zlib.h>

#include <cstdint>
#include <string_view>

#include "pipeline/event/buffer.h"
#include "pipeline/result.h"

/// gzip files that grow (RFC 1952): members one behind the other, each compressed on its own. Those
/// written here say in their header how long they are, so that the end of the last whole one is
/// found without unpacking the file: an extra field with one subfield,
///
///     'M' 'R'  4 0  length of the whole member in bytes, 4 bytes, little endian
///
/// Behind each follows an empty member of 20 bytes. A file that ends with one is whole: where
/// nothing went wrong a look at the end is enough, however many members there are.
namespace millrace {

/// A member in memory, from its first byte to its last. Not thread-safe.
class GzipMember {
 public:
  GzipMember();
  ~GzipMember();
  GzipMember(const GzipMember&) = delete;
  GzipMember& operator=(const GzipMember&) = delete;

  /// Compresses. Not after finish().
  void append(std::string_view bytes);
  /// Nothing was appended since it began.
  bool empty() const { return empty_; }
  /// Compressed bytes so far; some more are in the compressor.
  std::size_t size() const { return out_.size(); }

  /// Ends the member, once: its bytes and those of the empty one, until clear().
  std::string_view finish();
  bool finished() const { return finished_; }
  /// Begins the next one.
  void clear();

 private:
  void run(std::string_view bytes, int flush);

  z_stream stream_{};
  gz_header header_{};
  Buffer out_;
  bool empty_ = true;
  bool finished_ = false;
};

/// Where the last of the whole members that a file of `size` bytes begins with ends. Members of
/// others are unpacked to find their ends. `fd` can be read; its offset stays. Errors: Errc::io
/// with the reason.
Result<std::uint64_t> end_of_last_member(int fd, std::uint64_t size);

}  // namespace millrace
