#include "scan.h"

namespace grok {
std::vector<ByteRange> ranges_of(const Bytes& bytes, std::uint8_t wanted) {
  std::vector<ByteRange> ranges;
  for (unsigned b = 0; b < 256; ++b) {
    if (bytes[b] != wanted) continue;
    if (!ranges.empty() && ranges.back().last + 1 == b)
      ranges.back().last = b;
    else
      ranges.push_back({b, b});
  }
  return ranges;
}

RunScanner::RunScanner(const Bytes& bytes) : bytes_(bytes) {
  const auto inside = ranges_of(bytes, 1), outside = ranges_of(bytes, 0);
  const bool by_inside = inside.size() <= outside.size();
  const auto& chosen = by_inside ? inside : outside;
  if (chosen.empty() || chosen.size() > kMaxRanges) return;
  ranges_ = static_cast<unsigned>(chosen.size());
  flip_ = by_inside ? 0xffff : 0;
  for (unsigned i = 0; i < ranges_; ++i) {
    first_[i] = static_cast<std::uint8_t>(chosen[i].first);
    length_[i] = static_cast<std::uint8_t>(chosen[i].last - chosen[i].first);
  }
}

}  // namespace grok
