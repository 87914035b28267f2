#include "sieve.h"

#include <algorithm>
#include <cstring>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace grok {
namespace {

constexpr unsigned kBitsOfGroup = 8;
constexpr std::size_t kMostBitsOfClue = 8;
/// Grams that come together as rarely as this, at a place, share a bit; others where they are seen
/// but little more often than each for itself.
constexpr double kRare = 1e-7;
constexpr double kTolerated = 1.5;

// A group gains what it excludes and loses when it excludes nothing.
constexpr int kMostWorth = 100;
constexpr int kGain = 8;
constexpr std::uint32_t kLookAgain = 128;  // subjects

/// Of a set of bytes what tables of halves can tell: all pairs of a lower and an upper half.
struct Halves {
  std::uint16_t low = 0;
  std::uint16_t high = 0;

  void add(const ByteSet& bytes) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (!bytes[byte]) continue;
      low = static_cast<std::uint16_t>(low | 1u << (byte & 15));
      high = static_cast<std::uint16_t>(high | 1u << (byte >> 4));
    }
  }
  void add(Halves other) {
    low |= other.low;
    high |= other.high;
  }
  double frequency() const {
    ByteSet bytes;
    for (unsigned byte = 0; byte < 256; ++byte)
      bytes[byte] = (low >> (byte & 15) & 1) != 0 && (high >> (byte >> 4) & 1) != 0;
    return frequency_of(bytes);
  }
};

using GramHalves = std::array<Halves, kMaxGram>;

double frequency_of(const GramHalves& gram) {
  double frequency = 1;
  for (const Halves& halves : gram) frequency *= halves.frequency();
  return frequency;
}

/// Grams that share a bit.
struct Cluster {
  std::vector<Gram> grams;
  GramHalves halves{};
  double frequency = 0;

  explicit Cluster(const Gram& gram) : grams{gram} {
    for (std::size_t i = 0; i < kMaxGram; ++i)
      halves[i].add(i < gram.size() ? gram[i] : ByteSet().set());
    frequency = frequency_of(halves);
  }
  GramHalves halves_with(const Cluster& other) const {
    GramHalves both = halves;
    for (std::size_t i = 0; i < kMaxGram; ++i) both[i].add(other.halves[i]);
    return both;
  }
  /// By how much the two are seen more often together than each for itself; 0: rarely enough.
  double growth_with(const Cluster& other) const {
    const double both = frequency_of(halves_with(other));
    return both < kRare ? 0 : both / std::max(frequency + other.frequency, 1e-30);
  }
  void merge(const Cluster& other) {
    halves = halves_with(other);
    frequency = frequency_of(halves);
    grams.insert(grams.end(), other.grams.begin(), other.grams.end());
  }
};

/// The grams of a clue, put together where that costs little or when bits run out.
std::vector<Cluster> clusters_of(const Clue& clue) {
  std::vector<Cluster> clusters;
  for (const Gram& gram : clue.grams) {
    const Cluster next(gram);
    Cluster* best = nullptr;
    double least =
        clusters.size() < kMostBitsOfClue ? kTolerated : std::numeric_limits<double>::infinity();
    for (Cluster& cluster : clusters) {
      if (const double growth = cluster.growth_with(next); growth < least) {
        least = growth;
        best = &cluster;
      }
    }
    if (best)
      best->merge(next);
    else
      clusters.push_back(next);
  }
  return clusters;
}

void set_bit(Sieve::Mask& mask, std::size_t at) { mask[at / 64] |= std::uint64_t{1} << (at % 64); }
void clear_bit(Sieve::Mask& mask, std::size_t at) {
  mask[at / 64] &= ~(std::uint64_t{1} << (at % 64));
}
bool has_bit(const Sieve::Mask& mask, std::size_t at) {
  return (mask[at / 64] >> (at % 64) & 1) != 0;
}
bool intersect(const Sieve::Mask& a, const Sieve::Mask& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if ((a[i] & b[i]) != 0) return true;
  return false;
}

}  // namespace

Sieve::Sieve(const std::vector<Clues>& patterns)
    : patterns_(patterns.size()), all_((patterns_ + 63) / 64) {
  for (std::size_t i = 0; i < patterns_; ++i) set_bit(all_, i);
  add_beginnings(patterns);
  // The best clue of each first: mostly no pattern is left that needs the others' groups.
  for (std::size_t round = 0;; ++round) {
    const std::size_t first_group = groups_.size();
    for (std::size_t i = 0; i < patterns.size(); ++i)
      if (round < patterns[i].anywhere.size())
        add_clue(patterns[i].anywhere[round], static_cast<std::uint32_t>(i), first_group);
    if (groups_.size() == first_group) return;
    end_round(first_group);
  }
}

void Sieve::end_round(std::size_t first_group) {
  const Mask none(all_.size());
  Round round{first_group, groups_.size(), {}, none};
  for (std::size_t i = first_group; i < groups_.size(); ++i) {
    Mask& mask = round.patterns.emplace_back(none);
    for (const Group::Needs& needs : groups_[i].needs) {
      set_bit(mask, needs.pattern);
      set_bit(round.any, needs.pattern);
    }
  }
  rounds_.push_back(std::move(round));
}

void Sieve::add_clue(const Clue& clue, std::uint32_t pattern, std::size_t first_group) {
  const std::vector<Cluster> clusters = clusters_of(clue);
  std::size_t at = first_group;
  while (at < groups_.size() && groups_[at].used + clusters.size() > kBitsOfGroup) ++at;
  if (at == groups_.size()) groups_.emplace_back();
  Group& group = groups_[at];
  Bits one_of = 0;
  for (const Cluster& cluster : clusters) {
    const auto bit = static_cast<Bits>(1u << group.used++);
    for (const Gram& gram : cluster.grams) put(group, gram, bit);
    one_of |= bit;
  }
  group.needs.push_back({pattern, one_of});
}

void Sieve::put(Group& group, const Gram& gram, Bits bit) {
  for (std::size_t i = 0; i < kMaxGram; ++i) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (i < gram.size() && !gram[i][byte]) continue;
      group.low[i][byte & 15] |= bit;
      group.high[i][byte >> 4] |= bit;
    }
  }
}

void Sieve::add_beginnings(const std::vector<Clues>& patterns) {
  const auto anchored = [](const Clues& clues) {
    return clues.anchor != Clues::Anchor::none && !clues.begin.empty();
  };
  if (std::none_of(patterns.begin(), patterns.end(), anchored)) return;
  Beginnings& made = beginnings_.emplace_back();
  const Mask none((patterns.size() + 63) / 64);
  made.of_texts = made.of_lines = none;
  for (auto& place : made.may_have) place.fill(none);
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const Clues& clues = patterns[i];
    if (!anchored(clues)) continue;
    set_bit(clues.anchor == Clues::Anchor::text ? made.of_texts : made.of_lines, i);
    for (std::size_t at = 0; at < kMaxGram; ++at)
      for (std::size_t byte = 0; byte < 256; ++byte)
        if (at >= clues.begin.size() || clues.begin[at][byte]) set_bit(made.may_have[at][byte], i);
  }
}

void Sieve::sift_beginning(std::string_view subject, Mask& possible) const {
  const Beginnings& begin = beginnings_.front();
  const bool one_line = subject.find('\n') == std::string_view::npos;
  for (std::size_t word = 0; word < possible.size(); ++word) {
    const std::uint64_t bound = begin.of_texts[word] | (one_line ? begin.of_lines[word] : 0);
    std::uint64_t may = ~std::uint64_t{0};
    for (std::size_t at = 0; at < std::min(subject.size(), kMaxGram); ++at)
      may &= begin.may_have[at][static_cast<unsigned char>(subject[at])][word];
    possible[word] &= may | ~bound;
  }
}

void Sieve::sift(std::string_view subject, Habits& habits, Mask& possible) const {
  possible = all_;
  if (!beginnings_.empty()) sift_beginning(subject, possible);
  habits.worth_.resize(groups_.size(), kGain);
  const bool all_groups = ++habits.subjects_ % kLookAgain == 0;
  for (const Round& round : rounds_) {
    if (!intersect(round.any, possible)) continue;
    Look look;
    for (std::size_t at = round.begin; at < round.end; ++at) {
      if ((habits.worth_[at] <= 0 && !all_groups) ||
          !intersect(round.patterns[at - round.begin], possible))
        continue;
      look.groups[look.count++] = &groups_[at];
      if (look.count == kMostAtOnce) look_and_exclude(subject, look, habits, possible);
    }
    if (look.count > 0) look_and_exclude(subject, look, habits, possible);
  }
}

void Sieve::look_and_exclude(std::string_view subject, Look& look, Habits& habits,
                             Mask& possible) const {
  scan_fast(subject, look);
  for (std::size_t i = 0; i < look.count; ++i) {
    const auto group = static_cast<std::size_t>(look.groups[i] - groups_.data());
    const bool useful = exclude(*look.groups[i], look.seen[i], possible);
    const int worth = habits.worth_[group] + (useful ? kGain : -1);
    habits.worth_[group] = static_cast<std::int8_t>(std::clamp(worth, 0, kMostWorth));
  }
  look.count = 0;
}

/// Whether there was anything to exclude.
bool Sieve::exclude(const Group& group, Bits seen, Mask& possible) const {
  bool any = false;
  for (const Group::Needs& needs : group.needs) {
    if ((seen & needs.one_of) != 0) continue;
    any |= has_bit(possible, needs.pattern);
    clear_bit(possible, needs.pattern);
  }
  return any;
}

void Sieve::sift_plainly(std::string_view subject, Mask& possible) const {
  possible = all_;
  if (!beginnings_.empty()) sift_beginning(subject, possible);
  for (const Group& group : groups_) {
    Look look;
    look.groups[look.count++] = &group;
    scan(subject, look);
    exclude(group, look.seen[0], possible);
  }
}

/// Behind the subject stand zeros: a gram that is shorter than four bytes takes anything there.
void Sieve::scan(std::string_view subject, Look& look) {
  for (std::size_t g = 0; g < look.count; ++g) {
    const Group& group = *look.groups[g];
    Bits seen = 0;
    for (std::size_t i = 0; i < subject.size(); ++i) {
      Bits here = 0xff;
      for (std::size_t j = 0; j < kMaxGram; ++j) {
        const unsigned byte =
            i + j < subject.size() ? static_cast<unsigned char>(subject[i + j]) : 0u;
        here &= group.low[j][byte & 15] & group.high[j][byte >> 4];
      }
      seen |= here;
    }
    look.seen[g] = seen;
  }
}

#if defined(__x86_64__)

#define GROK_AVX2 __attribute__((target("avx2")))

namespace {

constexpr std::size_t kBlock = 32;

using Tables = std::array<std::array<std::uint8_t, 16>, kMaxGram>;

/// The halves of 32 bytes, and of those one, two and three places on.
struct Halved {
  __m256i low[kMaxGram];
  __m256i high[kMaxGram];
};

GROK_AVX2 inline Halved halve(const char* at) {
  const __m256i mask = _mm256_set1_epi8(15);
  Halved halved;
  for (std::size_t i = 0; i < kMaxGram; ++i) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + i));
    halved.low[i] = _mm256_and_si256(bytes, mask);
    halved.high[i] = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask);
  }
  return halved;
}

GROK_AVX2 inline __m256i looked_up(const std::array<std::uint8_t, 16>& table, __m256i halves) {
  const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data()));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), halves);
}

/// The bits whose grams begin at each of the bytes.
GROK_AVX2 inline __m256i bits_at(const Tables& low, const Tables& high, const Halved& halved) {
  __m256i bits = _mm256_set1_epi8(-1);
  for (std::size_t i = 0; i < kMaxGram; ++i)
    bits = _mm256_and_si256(bits, _mm256_and_si256(looked_up(low[i], halved.low[i]),
                                                   looked_up(high[i], halved.high[i])));
  return bits;
}

GROK_AVX2 inline std::uint8_t any_byte(__m256i bytes) {
  __m128i folded = _mm_or_si128(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
  folded = _mm_or_si128(folded, _mm_srli_si128(folded, 8));
  folded = _mm_or_si128(folded, _mm_srli_si128(folded, 4));
  folded = _mm_or_si128(folded, _mm_srli_si128(folded, 2));
  folded = _mm_or_si128(folded, _mm_srli_si128(folded, 1));
  return static_cast<std::uint8_t>(_mm_cvtsi128_si32(folded));
}

template <typename Look>
GROK_AVX2 void scan_avx2(std::string_view subject, Look& look) {
  __m256i seen[std::tuple_size_v<decltype(look.seen)>];
  for (std::size_t g = 0; g < look.count; ++g) seen[g] = _mm256_setzero_si256();
  char tail[2 * kBlock + kMaxGram];
  const char* p = subject.data();
  std::size_t left = subject.size();
  bool in_tail = false;
  while (left > 0) {
    if (!in_tail && left < kBlock + kMaxGram - 1) {
      std::memset(tail, 0, sizeof tail);
      std::memcpy(tail, p, left);
      p = tail;
      in_tail = true;
    }
    const Halved halved = halve(p);
    for (std::size_t g = 0; g < look.count; ++g)
      seen[g] =
          _mm256_or_si256(seen[g], bits_at(look.groups[g]->low, look.groups[g]->high, halved));
    p += kBlock;
    left -= std::min(left, kBlock);
  }
  for (std::size_t g = 0; g < look.count; ++g) look.seen[g] = any_byte(seen[g]);
}

}  // namespace

void Sieve::scan_fast(std::string_view subject, Look& look) {
  static const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;
  kHasAvx2 ? scan_avx2(subject, look) : scan(subject, look);
}

#else

void Sieve::scan_fast(std::string_view subject, Look& look) { scan(subject, look); }

#endif

}  // namespace grok
