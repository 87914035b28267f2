#include "plugins/outputs/elasticsearch/request.h"

#include <zlib.h>

#include <algorithm>

namespace millrace::elasticsearch {
namespace {

// RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown system.
constexpr std::string_view kGzipHeader{"\x1f\x8b\x08\0\0\0\0\0\0\xff", 10};
// RFC 1951: a last block of fixed codes that holds nothing but its end.
constexpr std::string_view kLastBlock{"\x03\0", 2};

void append_little_endian(std::string& to, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) to.push_back(static_cast<char>(number >> shift));
}

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib reads only
}

std::uint32_t crc_of(std::string_view text) {
  return static_cast<std::uint32_t>(crc32_z(0, bytes_of(text), text.size()));
}

/// The stream is fed in pieces that its 32-bit counters hold.
void deflate_all(z_stream& stream, std::string_view plain, Buffer& out) {
  constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
  do {
    const std::string_view now = plain.substr(0, kMostAtOnce);
    plain.remove_prefix(now.size());
    stream.next_in = bytes_of(now);
    stream.avail_in = static_cast<uInt>(now.size());
    do {
      constexpr std::size_t kRoom = 64 << 10;
      stream.next_out = reinterpret_cast<Bytef*>(out.reserve(kRoom));
      stream.avail_out = kRoom;
      deflate(&stream, plain.empty() ? Z_FULL_FLUSH : Z_NO_FLUSH);
      out.commit(kRoom - stream.avail_out);
    } while (stream.avail_out == 0);
  } while (!plain.empty());
}

}  // namespace

DeflatedPart deflate_part(std::string_view plain, int level) {
  DeflatedPart part;
  part.crc = crc_of(plain);
  part.plain_size = plain.size();
  z_stream stream{};
  constexpr int kRaw = -15;  // no header: BulkBody writes one for all parts
  if (deflateInit2(&stream, level, Z_DEFLATED, kRaw, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();  // out of memory ends the process, as everywhere
  deflate_all(stream, plain, part.bytes);
  deflateEnd(&stream);
  return part;
}

void BulkBody::begin() {
  if (compressed() && pieces_.empty()) pieces_.push_back(kGzipHeader);
}

void BulkBody::add(std::string_view plain) {
  if (plain.empty()) return;
  if (compressed()) {
    DeflatedPart part = deflate_part(plain, level_);
    add(plain, part);
    own_.push_back(std::move(part.bytes));
    return;
  }
  plain_size_ += plain.size();
  const bool adjacent =
      !pieces_.empty() && pieces_.back().data() + pieces_.back().size() == plain.data();
  if (adjacent)
    pieces_.back() = {pieces_.back().data(), pieces_.back().size() + plain.size()};
  else
    pieces_.push_back(plain);
}

void BulkBody::add(std::string_view plain, const DeflatedPart& deflated) {
  if (!compressed() || deflated.empty()) return add(plain);
  begin();
  crc_ = static_cast<std::uint32_t>(
      crc32_combine(crc_, deflated.crc, static_cast<z_off_t>(deflated.plain_size)));
  plain_size_ += deflated.plain_size;
  pieces_.push_back(deflated.bytes.view());
}

void BulkBody::finish() {
  if (!compressed()) return;
  begin();
  trailer_ = kLastBlock;
  append_little_endian(trailer_, crc_);
  append_little_endian(trailer_, static_cast<std::uint32_t>(plain_size_));
  pieces_.push_back(trailer_);
}

std::size_t BulkBody::wire_size() const {
  std::size_t size = 0;
  for (const std::string_view piece : pieces_) size += piece.size();
  return size;
}

}  // namespace millrace::elasticsearch
