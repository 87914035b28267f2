#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "scan.h"

namespace grok {

/// Finds the places of a subject where a match may begin, by the byte before the place and the next
/// ones: 32 places at once where the machine has AVX2. Immutable; thread-safe.
class StartFinder {
 public:
  static constexpr std::size_t kMostAhead = 4;

  /// Nothing is known: a match may begin anywhere.
  StartFinder() = default;
  /// `ahead`: what may stand at the place and behind it, at most kMostAhead; none: nothing is
  /// known. `before`: what may stand before it, with kEnd where that may be nothing.
  StartFinder(std::span<const Next> ahead, const Next& before);

  /// The first such place from `p` on; nullptr: there is none. The subject is [begin, end).
  const unsigned char* find(const unsigned char* begin, const unsigned char* p,
                            const unsigned char* end) const;
  /// The same, byte by byte.
  const unsigned char* find_plainly(const unsigned char* begin, const unsigned char* p,
                                    const unsigned char* end) const;

 private:
  /// A set of bytes as bits that a byte's two halves share: exact where its rows of sixteen bytes
  /// are of no more than eight kinds, else a little too large.
  struct Halves {
    std::array<std::uint8_t, 16> low{};
    std::array<std::uint8_t, 16> high{};
  };

  static Halves halves_of(const Next& bytes);
  bool may_begin(const unsigned char* begin, const unsigned char* p,
                 const unsigned char* end) const;
  const unsigned char* find_fast(const unsigned char* begin, const unsigned char* p,
                                 const unsigned char* end) const;

  std::size_t ahead_ = 0;                  ///< how many positions are known
  Bytes may_{};                            ///< bit i: i bytes ahead; bit kMostAhead: before
  bool at_begin_ = true;                   ///< nothing may stand before it
  bool any_before_ = true;                 ///< and anything else
  RunScanner not_first_;                   ///< bytes that no match begins with
  std::array<Halves, kMostAhead> halves_;  ///< of each position ahead
  Halves before_;
};

}  // namespace grok
