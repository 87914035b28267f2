#pragma once

#include <zlib.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "pipeline/result.h"

namespace millrace::beats {

/// One zlib stream (RFC 1950), unpacked piece by piece. Not copied or moved: zlib points at it.
class Inflater {
 public:
  /// Memory of a stream under way: zlib's state and its window of 32 KiB.
  static constexpr std::size_t kFootprint = 40 * 1024;

  /// Errors: Errc::limit, no memory.
  static Result<std::unique_ptr<Inflater>> create();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  struct Step {
    std::size_t consumed = 0;  ///< of the input
    std::size_t produced = 0;  ///< into the output
    bool ended = false;        ///< the stream is complete and its checksum is right
  };
  /// No progress without an end: more input is needed. Errors: Errc::protocol, the bytes are no
  /// zlib stream.
  Result<Step> inflate(std::string_view in, std::span<char> out);

 private:
  Inflater() = default;
  z_stream stream_{};
};

/// A zlib stream that is there as a whole, unpacked in one go, in about a third of the time that
/// Inflater takes. Bytes written to `out`; nullopt: they do not fit, or `in` is not exactly one
/// good stream, which Inflater can say better.
std::optional<std::size_t> inflate_whole(std::string_view in, std::span<char> out);

}  // namespace millrace::beats
