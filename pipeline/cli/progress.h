#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "pipeline/run/pipeline.h"

namespace millrace::cli {

/// One line on the terminal that shows what goes in, what comes out and what waits; nothing where
/// stderr is no terminal.
class Progress {
 public:
  Progress();
  ~Progress();

  void show(const std::vector<std::unique_ptr<Pipeline>>& pipelines);

 private:
  const bool enabled_;
  bool shown_ = false;
  std::uint64_t settled_before_ = 0;
  std::chrono::steady_clock::time_point shown_at_;
};

}  // namespace millrace::cli
