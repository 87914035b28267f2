#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/event/buffer.h"

/// Bodies of bulk requests, put together from what the workers encoded, without copying it.
namespace millrace::elasticsearch {

/// Bytes deflated ahead, byte-aligned and without an end (RFC 1951), so that several of them in
/// sequence, between a gzip header and a trailer, are one gzip stream (RFC 1952).
struct DeflatedPart {
  Buffer bytes;
  std::uint32_t crc = 0;  ///< of the plain bytes
  std::size_t plain_size = 0;

  bool empty() const { return plain_size == 0; }
};

/// Deflates `plain` at `level` (1 to 9).
DeflatedPart deflate_part(std::string_view plain, int level);

/// A body under construction: views of the parts, which must outlive it.
class BulkBody {
 public:
  /// `level` 0: plain.
  explicit BulkBody(int level) : level_(level) {}

  /// Bytes as they are; deflated here where bodies are compressed.
  void add(std::string_view plain);
  /// Bytes that were deflated ahead; `plain` are the same ones.
  void add(std::string_view plain, const DeflatedPart& deflated);
  /// After the last part.
  void finish();

  /// What goes over the wire, in order.
  std::span<const std::string_view> pieces() const { return pieces_; }
  std::size_t wire_size() const;
  std::size_t plain_size() const { return plain_size_; }
  bool compressed() const { return level_ > 0; }

 private:
  void begin();

  const int level_;
  std::size_t plain_size_ = 0;
  std::uint32_t crc_ = 0;
  std::vector<std::string_view> pieces_;
  std::vector<Buffer> own_;  // what was deflated here
  std::string trailer_;
};

}  // namespace millrace::elasticsearch
