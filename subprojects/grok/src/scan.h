#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <vector>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace grok {

using Bytes = std::array<std::uint8_t, 256>;  ///< 1: the byte is in it

/// What may stand beside a place: a bit for each byte, and one for the end of the subject.
inline constexpr std::size_t kEnd = 256;
using Next = std::bitset<257>;

struct ByteRange {
  unsigned first, last;
};
/// The bytes that are in it (`wanted` is 1) or not (0), in order.
std::vector<ByteRange> ranges_of(const Bytes& bytes, std::uint8_t wanted);

/// Finds where a run of bytes of a set ends: by SIMD where the set is a few ranges, else byte by
/// byte.
class RunScanner {
 public:
  RunScanner() = default;
  explicit RunScanner(const Bytes& bytes);

  /// The first byte from `p` on that is not in the set; `end` where there is none.
  const unsigned char* skip(const unsigned char* p, const unsigned char* end) const {
#ifdef __SSE2__
    switch (ranges_) {
      case 1:
        return skip_ranges<1>(p, end);
      case 2:
        return skip_ranges<2>(p, end);
      case 3:
        return skip_ranges<3>(p, end);
      case 4:
        return skip_ranges<4>(p, end);
      default:
        break;
    }
#endif
    return skip_bytes(p, end);
  }

  bool has(unsigned char byte) const { return bytes_[byte] != 0; }
  const Bytes& bytes() const { return bytes_; }

 private:
  static constexpr unsigned kMaxRanges = 4;

  const unsigned char* skip_bytes(const unsigned char* p, const unsigned char* end) const {
    while (p < end && bytes_[*p] != 0) ++p;
    return p;
  }

#ifdef __SSE2__
  template <unsigned kRanges>
  const unsigned char* skip_ranges(const unsigned char* p, const unsigned char* end) const {
    for (; end - p >= 16; p += 16) {
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
      __m128i within = _mm_setzero_si128();
      for (unsigned i = 0; i < kRanges; ++i) {
        const __m128i offset = _mm_sub_epi8(block, _mm_set1_epi8(static_cast<char>(first_[i])));
        const __m128i over = _mm_subs_epu8(offset, _mm_set1_epi8(static_cast<char>(length_[i])));
        within = _mm_or_si128(within, _mm_cmpeq_epi8(over, _mm_setzero_si128()));
      }
      const unsigned outside = (static_cast<unsigned>(_mm_movemask_epi8(within)) ^ flip_) & 0xffff;
      if (outside != 0) return p + __builtin_ctz(outside);
    }
    return skip_bytes(p, end);
  }
#endif

  Bytes bytes_{};
  unsigned ranges_ = 0;  // 0: too many for SIMD
  unsigned flip_ = 0;    // 0xffff: the ranges are those of the set; 0: of what is not in it
  std::uint8_t first_[kMaxRanges] = {};
  std::uint8_t length_[kMaxRanges] = {};  // last - first
};

}  // namespace grok
