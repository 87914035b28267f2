#include "start_finder.h"

#include <algorithm>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace grok {
namespace {

constexpr std::size_t kKinds = 8;

Next row_of(const Next& bytes, std::size_t high) {
  Next row;
  for (std::size_t low = 0; low < 16; ++low) row[low] = bytes[high << 4 | low];
  return row;
}

}  // namespace

StartFinder::Halves StartFinder::halves_of(const Next& bytes) {
  Halves halves;
  std::vector<Next> kinds;
  for (std::size_t high = 0; high < 16; ++high) {
    const Next row = row_of(bytes, high);
    if (row.none()) continue;
    auto kind = std::find(kinds.begin(), kinds.end(), row);
    if (kind == kinds.end()) {
      if (kinds.size() < kKinds) kinds.emplace_back();
      kind = kinds.end() - 1;
      *kind |= row;
    }
    halves.high[high] = static_cast<std::uint8_t>(1u << (kind - kinds.begin()));
  }
  for (std::size_t kind = 0; kind < kinds.size(); ++kind)
    for (std::size_t low = 0; low < 16; ++low)
      if (kinds[kind][low])
        halves.low[low] = static_cast<std::uint8_t>(halves.low[low] | 1u << kind);
  return halves;
}

StartFinder::StartFinder(std::span<const Next> ahead, const Next& before)
    : ahead_(std::min(ahead.size(), kMostAhead)), at_begin_(before[kEnd]) {
  if (ahead_ == 0) return;
  Bytes others{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    others[byte] = ahead[0][byte] ? 0 : 1;
    any_before_ = any_before_ && before[byte];
    unsigned may = before[byte] ? 1u << kMostAhead : 0;
    for (std::size_t i = 0; i < ahead_; ++i) may |= ahead[i][byte] ? 1u << i : 0;
    may_[byte] = static_cast<std::uint8_t>(may);
  }
  not_first_ = RunScanner(others);
  for (std::size_t i = 0; i < ahead_; ++i) halves_[i] = halves_of(ahead[i]);
  before_ = halves_of(before);
}

bool StartFinder::may_begin(const unsigned char* begin, const unsigned char* p,
                            const unsigned char* end) const {
  bool may = p == begin ? at_begin_ : (may_[p[-1]] >> kMostAhead & 1) != 0;
  const std::size_t known = std::min(ahead_, static_cast<std::size_t>(end - p));
  for (std::size_t i = 0; i < known && may; ++i) may = (may_[p[i]] >> i & 1) != 0;
  return may;
}

const unsigned char* StartFinder::find_plainly(const unsigned char* begin, const unsigned char* p,
                                               const unsigned char* end) const {
  if (ahead_ == 0) return p;
  for (; p != end; ++p) {
    if (not_first_.has(*p)) p = not_first_.skip(p, end);
    if (p == end) break;
    if (may_begin(begin, p, end)) return p;
  }
  return nullptr;
}

#if defined(__x86_64__)

#define GROK_AVX2 __attribute__((target("avx2")))

namespace {

constexpr std::ptrdiff_t kBlock = 32;

GROK_AVX2 inline __m256i looked_up(const std::array<std::uint8_t, 16>& table, __m256i halves) {
  const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data()));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), halves);
}

/// All ones where the byte is not in the set.
template <typename Halves>
GROK_AVX2 inline __m256i outside(const Halves& set, const unsigned char* at) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i mask = _mm256_set1_epi8(15);
  const __m256i low = _mm256_and_si256(bytes, mask);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask);
  const __m256i kinds = _mm256_and_si256(looked_up(set.low, low), looked_up(set.high, high));
  return _mm256_cmpeq_epi8(kinds, _mm256_setzero_si256());
}

}  // namespace

GROK_AVX2 const unsigned char* StartFinder::find_fast(const unsigned char* begin,
                                                      const unsigned char* p,
                                                      const unsigned char* end) const {
  if (p == begin && p != end) {
    if (may_begin(begin, p, end)) return p;
    ++p;
  }
  constexpr std::ptrdiff_t kLast = kMostAhead - 1;
  for (; end - p >= kBlock + kLast; p += kBlock) {
    __m256i not_here = outside(halves_[0], p);
    if (!any_before_) not_here = _mm256_or_si256(not_here, outside(before_, p - 1));
    for (std::size_t i = 1; i < ahead_; ++i)
      not_here = _mm256_or_si256(not_here, outside(halves_[i], p + i));
    const auto here = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(not_here));
    if (here != 0) return p + std::countr_zero(here);
  }
  return find_plainly(begin, p, end);
}

const unsigned char* StartFinder::find(const unsigned char* begin, const unsigned char* p,
                                       const unsigned char* end) const {
  static const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;
  return kHasAvx2 && ahead_ > 0 ? find_fast(begin, p, end) : find_plainly(begin, p, end);
}

#else

const unsigned char* StartFinder::find(const unsigned char* begin, const unsigned char* p,
                                       const unsigned char* end) const {
  return find_plainly(begin, p, end);
}

#endif

}  // namespace grok
