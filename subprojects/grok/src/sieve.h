#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "clues.h"

namespace grok {

/// Tells in one look at a subject which of many patterns can match it at all. Immutable once made;
/// thread-safe.
///
/// A clue has some of the eight bits of a group. Of each byte of a subject a group's tables tell,
/// from its lower and its upper half, which bits it may belong to as the first, second, ... byte of
/// a gram: 32 bytes at once where the machine has AVX2. The halves know a little less than the
/// byte, so that a clue may be seen that is not there; none is missed.
class Sieve {
 public:
  /// A bit for each pattern: it can match.
  using Mask = std::vector<std::uint64_t>;

  /// What one thread knows of the subjects that it saw: groups that mostly exclude nothing are
  /// looked at now and then only. It does not change what can match, only how much is excluded.
  class Habits {
    friend class Sieve;
    std::vector<std::int8_t> worth_;  // of each group
    std::uint32_t subjects_ = 0;
  };

  explicit Sieve(const std::vector<Clues>& patterns);

  void sift(std::string_view subject, Habits& habits, Mask& possible) const;
  /// The same without SIMD and habits: the most that can be excluded. For tests.
  void sift_plainly(std::string_view subject, Mask& possible) const;

 private:
  using Bits = std::uint8_t;
  static constexpr std::size_t kMostAtOnce = 16;

  struct Group {
    std::array<std::array<Bits, 16>, kMaxGram> low{};  ///< [byte of the gram][half of a byte]
    std::array<std::array<Bits, 16>, kMaxGram> high{};
    struct Needs {
      std::uint32_t pattern;
      Bits one_of;
    };
    std::vector<Needs> needs;
    unsigned used = 0;  ///< bits
  };
  /// Groups that are looked at together, where a pattern is left that has a clue there.
  struct Round {
    std::size_t begin, end;      ///< groups
    std::vector<Mask> patterns;  ///< of each group
    Mask any;                    ///< of all of them
  };
  /// Groups to look at together, and what was seen of each.
  struct Look {
    std::array<const Group*, kMostAtOnce> groups;
    std::array<Bits, kMostAtOnce> seen;
    std::size_t count = 0;
  };
  /// What patterns that are anchored may have at the beginning of a line or text.
  struct Beginnings {
    std::array<std::array<Mask, 256>, kMaxGram> may_have;
    Mask of_texts;  ///< those that can begin nowhere else
    Mask of_lines;  ///< those that can behind a newline, too
  };

  void add_beginnings(const std::vector<Clues>& patterns);
  void add_clue(const Clue& clue, std::uint32_t pattern, std::size_t first_group);
  void end_round(std::size_t first_group);
  void sift_beginning(std::string_view subject, Mask& possible) const;
  bool exclude(const Group& group, Bits seen, Mask& possible) const;
  void look_and_exclude(std::string_view subject, Look& look, Habits& habits, Mask& possible) const;
  static void put(Group& group, const Gram& gram, Bits bit);
  static void scan(std::string_view subject, Look& look);
  static void scan_fast(std::string_view subject, Look& look);

  std::size_t patterns_;
  std::vector<Group> groups_;
  std::vector<Round> rounds_;
  Mask all_;
  std::vector<Beginnings> beginnings_;  ///< one, or none where no pattern is anchored
};

}  // namespace grok
