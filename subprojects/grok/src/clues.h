#pragma once

#include <bitset>
#include <cstdint>
#include <vector>

#include "syntax.h"

namespace grok {

using ByteSet = std::bitset<256>;

/// Sets of bytes that stand one behind the other: at most kMaxGram.
using Gram = std::vector<ByteSet>;
inline constexpr std::size_t kMaxGram = 4;

/// What no subject lacks that matches: one of these.
struct Clue {
  std::vector<Gram> grams;
  double frequency = 0;     ///< how often one stands in a log line, by guess
  std::uint32_t place = 0;  ///< about where in the expression
};

/// What an expression lets one say of a subject that matches, without running it. Of subjects of
/// any bytes: what is no UTF-8 has bytes above 0x7f, and the sets count all of those where a
/// character outside of ASCII may stand.
struct Clues {
  std::vector<Clue> anywhere;  ///< the subject has all of them; the best first, a few at most

  enum class Anchor : std::uint8_t { none, line, text };
  Anchor anchor = Anchor::none;  ///< where each match begins
  Gram begin;                    ///< with an anchor: the bytes there; may be empty
};

Clues find_clues(const Syntax& syntax);

/// How often bytes of the set stand in log lines: 0 to 1, by guess.
double frequency_of(const ByteSet& bytes);

}  // namespace grok
