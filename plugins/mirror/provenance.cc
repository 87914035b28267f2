#include "plugins/mirror/provenance.h"

namespace millrace::mirror {

bool goes_in_circles(std::span<const kafka::Header> headers, std::string_view source,
                     std::string_view target, std::int64_t max_hops) {
  if (source == target) return true;
  std::int64_t hops = 1;  // the one that this mirror adds
  for (const kafka::Header& header : headers) {
    if (header.name != kHopHeader) continue;
    if (header.value == target || ++hops > max_hops) return true;
  }
  return false;
}

}  // namespace millrace::mirror
