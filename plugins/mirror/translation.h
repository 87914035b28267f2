#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"

/// Offsets of the source as offsets of the target, for consumer groups that go on there.
namespace millrace::mirror {

/// A record's offset on the source, and its copy's on the target.
struct OffsetPair {
  std::int64_t source = 0;
  std::int64_t target = 0;
  friend bool operator==(const OffsetPair&, const OffsetPair&) = default;
};

/// What is remembered of one partition's pairs: at most 64 of those that were added, dense near the
/// newest and sparser the further back, so that groups that lag are translated too, less exactly.
///
/// Of two neighbours the older one is at most twice as far from the newest as the younger one, or
/// they were added one after the other. So a group that is `lag` behind the newest pair reads at
/// most `lag` records again, or as many as lie between two pairs when they are added. (Should the
/// distances span more than 2^30, the oldest but one goes first.)
class Translation {
 public:
  static constexpr std::size_t kMostPairs = 64;

  /// The next pair. Where the source goes back, records are sent again after a crash: such pairs
  /// are passed over until the source is where it was, for what was not sent again yet is in front
  /// of them. Where it goes back to the oldest pair or behind it, or the target goes back, the
  /// topic there is a new one: what was known is forgotten.
  void add(OffsetPair pair);

  /// Where a group goes on that has committed `next` on the source: the copy of the newest record
  /// known at or before it, or the offset behind that copy. Never behind the copy of a record that
  /// the group has not read, so nothing is lost. nullopt: no pair is that old.
  std::optional<std::int64_t> translate(std::int64_t next) const;

  std::span<const OffsetPair> pairs() const { return pairs_; }  ///< oldest first

  /// "v=1 pairs=17:20,900:903": a value of the syncs topic.
  std::string encode() const;
  /// Errors: Errc::invalid for what encode() does not write.
  static Result<Translation> decode(std::string_view value);

 private:
  void thin();
  std::vector<OffsetPair> pairs_;
};

}  // namespace millrace::mirror
