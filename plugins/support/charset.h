#pragma once

#include <iconv.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/event/batch.h"
#include "pipeline/event/buffer.h"
#include "pipeline/result.h"

namespace millrace {

/// What a codec's `charset` option names.
class Charset {
 public:
  Charset() = default;  // UTF-8

  /// By Ruby's name for it or by the system's; case does not count. Errors: Errc::invalid where the
  /// system cannot convert it.
  static Result<Charset> find(const std::string& name);

  bool is_utf8() const { return iconv_name_.empty(); }

 private:
  friend class Utf8Reader;
  std::string iconv_name_;      // "": UTF-8
  std::size_t unit_bytes_ = 1;  // what is skipped where a character makes no sense
};

/// Turns the texts of one decoder into valid UTF-8, as Logstash does:
/// - of a source that says it is UTF-8, a text that is not becomes what Ruby's String#inspect shows
///   of it: the bad bytes as \xHH, quotes and backslashes escaped;
/// - of another charset, what has no meaning there becomes U+FFFD.
///
/// Valid UTF-8 costs one vectorised check per run of neighbouring texts, and is not copied.
class Utf8Reader {
 public:
  explicit Utf8Reader(const Charset& charset);
  ~Utf8Reader();
  Utf8Reader(const Utf8Reader&) = delete;
  Utf8Reader& operator=(const Utf8Reader&) = delete;

  /// The texts, or copies of them in `batch`'s arena. Each text must have kReadPadding readable
  /// bytes behind it. The span holds until the next call.
  std::span<const std::string_view> read(std::span<const std::string_view> texts, Batch& batch);

 private:
  void convert(std::string_view text);

  const std::size_t unit_bytes_;
  iconv_t iconv_;  // -1: UTF-8
  Buffer buffer_;
  std::vector<std::string_view> converted_;
};

}  // namespace millrace
