#include "plugins/inputs/beats/inflater.h"

#include <libdeflate.h>

#include <string>

namespace millrace::beats {
namespace {

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* one) const { libdeflate_free_decompressor(one); }
};

}  // namespace

Result<std::unique_ptr<Inflater>> Inflater::create() {
  std::unique_ptr<Inflater> made(new Inflater);
  if (inflateInit(&made->stream_) != Z_OK) return fail(Errc::limit, "no memory to inflate");
  return made;
}

Inflater::~Inflater() { inflateEnd(&stream_); }

Result<Inflater::Step> Inflater::inflate(std::string_view in, std::span<char> out) {
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream_.avail_in = static_cast<uInt>(in.size());
  stream_.next_out = reinterpret_cast<Bytef*>(out.data());
  stream_.avail_out = static_cast<uInt>(out.size());
  const int state = ::inflate(&stream_, Z_NO_FLUSH);
  const Step step{in.size() - stream_.avail_in, out.size() - stream_.avail_out,
                  state == Z_STREAM_END};
  if (state == Z_OK || state == Z_STREAM_END || state == Z_BUF_ERROR) return step;
  if (state == Z_NEED_DICT)
    return fail(Errc::protocol, "zlib: the stream needs a preset dictionary");
  return fail(Errc::protocol,
              std::string("zlib: ") + (stream_.msg ? stream_.msg : "damaged stream"));
}

std::optional<std::size_t> inflate_whole(std::string_view in, std::span<char> out) {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  if (!decompressor) return std::nullopt;
  std::size_t consumed = 0;
  std::size_t produced = 0;
  const auto result = libdeflate_zlib_decompress_ex(decompressor.get(), in.data(), in.size(),
                                                    out.data(), out.size(), &consumed, &produced);
  if (result != LIBDEFLATE_SUCCESS || consumed != in.size()) return std::nullopt;
  return produced;
}

}  // namespace millrace::beats
