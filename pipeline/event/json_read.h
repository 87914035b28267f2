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
  /// Bounds what a document's values take in the batch to 16 bytes each, whatever its text is: a
  /// value weighs one of these, a list or an object kContainerWeight, a key kKeyWeight.
  static constexpr std::size_t kContainerWeight = 12;
  static constexpr std::size_t kKeyWeight = 8;
  static constexpr std::size_t kAnyWeight = ~std::size_t{0};

  JsonReader();
  ~JsonReader();
  JsonReader(JsonReader&&) noexcept;
  JsonReader& operator=(JsonReader&&) noexcept;

  /// One JSON document of any type, nothing after it but white space. Strings without escapes
  /// become views of `text`, which must therefore live as long as `batch` and have kReadPadding
  /// readable bytes behind it (arena and block memory has). Of keys that are given twice the last
  /// one wins. Errors: Errc::invalid saying what is wrong with the text; Errc::limit, its values
  /// weigh more than `most_weight`.
  Result<Value> read(std::string_view text, Batch& batch, std::size_t most_weight = kAnyWeight);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
