#include "plugins/outputs/gzip_members.h"

#include <algorithm>
#include <string>
#include <utility>

#include "plugins/outputs/torn_end.h"

namespace millrace {
namespace {

constexpr int kGzip = 15 + 16;  // zlib's window bits, and its flag for gzip's header
constexpr std::size_t kSubfieldAt = 12;
constexpr std::size_t kLengthAt = 16;
constexpr std::size_t kHeaderBytes = 20;
constexpr std::string_view kEmptyMember(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
unsigned char subfield[] = {'M', 'R', 4, 0, 0, 0, 0, 0};  // zlib wants it writable

/// Of a member written here; 0 for those of others.
std::uint32_t length_in(std::string_view header) {
  constexpr std::string_view kStart("\x1f\x8b\x08\x04", 4);  // deflate, only an extra field
  constexpr std::string_view kExtra("\x08\x00MR\x04\x00", 6);
  if (header.size() < kHeaderBytes || !header.starts_with(kStart) ||
      header.substr(kSubfieldAt - 2, kExtra.size()) != kExtra)
    return 0;
  std::uint32_t length = 0;
  for (std::size_t i = 4; i-- > 0;)
    length = length << 8 | static_cast<unsigned char>(header[kLengthAt + i]);
  return length;
}

/// Unpacks the member that begins at `at`: its length; 0: it is no member, or not whole.
Result<std::uint64_t> unpacked_length(int fd, std::uint64_t at, std::uint64_t size) {
  constexpr std::uint64_t kPiece = std::uint64_t{64} << 10;
  std::string in;
  std::string out(kPiece, '\0');
  z_stream stream{};
  inflateInit2(&stream, kGzip);
  std::uint64_t length = 0;
  int state = Z_OK;
  while (state == Z_OK && at + length < size) {
    in.resize(std::min(kPiece, size - at - length));
    auto read = read_at(fd, at + length, in);
    if (!read) {
      inflateEnd(&stream);
      return std::move(read).error();
    }
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      state = inflate(&stream, Z_NO_FLUSH);
    } while (state == Z_OK && (stream.avail_in != 0 || stream.avail_out == 0));
    if (state == Z_BUF_ERROR && stream.avail_in == 0) state = Z_OK;  // it wants more
    length += in.size() - stream.avail_in;
  }
  inflateEnd(&stream);
  return state == Z_STREAM_END ? length : 0;
}

}  // namespace

GzipMember::GzipMember() {
  deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
  header_.os = 3;  // Unix
  header_.extra = subfield;
  header_.extra_len = sizeof subfield;
  deflateSetHeader(&stream_, &header_);
}

GzipMember::~GzipMember() { deflateEnd(&stream_); }

void GzipMember::run(std::string_view bytes, int flush) {
  constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
  constexpr std::size_t kRoom = std::size_t{64} << 10;
  for (bool more = true; more;) {
    const std::size_t some = std::min(bytes.size(), kMostAtOnce);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(some);
    stream_.next_out = reinterpret_cast<Bytef*>(out_.reserve(kRoom));
    stream_.avail_out = kRoom;
    const int state = deflate(&stream_, flush);
    bytes.remove_prefix(some - stream_.avail_in);
    out_.commit(kRoom - stream_.avail_out);
    more = flush == Z_FINISH ? state == Z_OK : !bytes.empty() || stream_.avail_out == 0;
  }
}

void GzipMember::append(std::string_view bytes) {
  empty_ = empty_ && bytes.empty();
  run(bytes, Z_NO_FLUSH);
}

std::string_view GzipMember::finish() {
  if (!std::exchange(finished_, true)) {
    run({}, Z_FINISH);
    for (std::size_t i = 0; i < 4; ++i)
      out_.data()[kLengthAt + i] = static_cast<char>(out_.size() >> 8 * i);
    out_.append(kEmptyMember);
  }
  return out_.view();
}

void GzipMember::clear() {
  out_.recycle(std::size_t{2} << 20);
  deflateReset(&stream_);
  deflateSetHeader(&stream_, &header_);
  empty_ = true;
  finished_ = false;
}

Result<std::uint64_t> end_of_last_member(int fd, std::uint64_t size) {
  std::string header(std::min<std::uint64_t>(kEmptyMember.size(), size), '\0');
  auto last = read_at(fd, size - header.size(), header);
  if (!last) return std::move(last).error();
  if (header == kEmptyMember) return size;
  for (std::uint64_t at = 0;;) {
    header.resize(std::min<std::uint64_t>(kHeaderBytes, size - at));
    auto read = read_at(fd, at, header);
    if (!read) return std::move(read).error();
    std::uint64_t length = length_in(header);
    if (length == 0) {
      const auto unpacked = unpacked_length(fd, at, size);
      if (!unpacked) return unpacked;
      length = *unpacked;
    }
    if (length == 0 || length > size - at) return at;
    at += length;
  }
}

}  // namespace millrace
