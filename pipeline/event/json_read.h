#pragma once

#include <memory>
#include <string_view>

#include "pipeline/event/batch.h"
#include "pipeline/result.h"

namespace millrace {

/// Reads JSON into batches, by simdjson. Keeps its buffers between calls; one per thread.
class JsonReader {
 public:
  /// Nesting past this is refused.
  static constexpr int kMostDepth = 500;

  JsonReader();
  ~JsonReader();
  JsonReader(JsonReader&&) noexcept;
  JsonReader& operator=(JsonReader&&) noexcept;

  /// One JSON document of any type, nothing after it but white space. Strings without escapes
  /// become views of `text`, which must therefore live as long as `batch` and have kReadPadding
  /// readable bytes behind it (arena and block memory has). Of keys that are given twice the last
  /// one wins. Errors: Errc::invalid saying what is wrong with the text.
  Result<Value> read(std::string_view text, Batch& batch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
