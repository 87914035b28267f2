#include "plugins/mirror/gaps.h"

#include <fmt/format.h>

namespace millrace::mirror {

std::string Gap::key() const {
  return fmt::format("@gap {}/{} {}", place.topic, place.partition, first);
}

std::string encode(const Gap& gap, std::int64_t found_ms) {
  return fmt::format("v=1 first={} last={} found={} done={}", gap.first, gap.last, found_ms,
                     gap.skipped ? "skipped" : "stopped");
}

}  // namespace millrace::mirror
