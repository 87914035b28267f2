#include "plugins/mirror/translation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace millrace::mirror {
namespace {

/// A partition that is mirrored, with all that a translation forgets.
class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {}

  /// Some more records, with gaps on the source (compaction) and on the target (markers of
  /// transactions, records of others). Then a pair is told of.
  void mirror(Translation& translation) {
    for (std::int64_t records = 1 + below(300); records > 0; --records, ++next_) {
      if (next_ == sources_.size()) {
        sources_.push_back(end() + (below(20) == 0 ? below(50) : 0));
        latest_.push_back(0);
      }
      latest_[next_] = last_target_ += 1 + (below(30) == 0 ? below(5) : 0);
    }
    translation.add({sources_[next_ - 1], last_target_});
    if (!first_told_) first_told_ = sources_[next_ - 1];
  }

  /// A crash: some of the last records are sent again.
  void repeat() {
    // Not the first of which a pair was told: from there on it would be a new topic.
    while (next_ > 1 && sources_[next_ - 1] > *first_told_ + 1 && below(200) > 0) --next_;
  }

  /// From here on the target has every record that a group has not read which committed `next`.
  std::int64_t first_unread(std::int64_t next) const {
    std::int64_t first = last_target_ + 1;
    for (std::size_t i = sources_.size(); i-- > 0 && sources_[i] >= next;)
      first = std::min(first, latest_[i]);
    return first;
  }

  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit));
  }
  std::int64_t end() const { return sources_.empty() ? 0 : sources_.back() + 1; }
  std::int64_t first_told() const { return *first_told_; }

 private:
  std::mt19937_64 random_;
  std::vector<std::int64_t> sources_;  // offsets of all records
  std::vector<std::int64_t> latest_;   // where the last copy of each is
  std::size_t next_ = 0;               // the record to be sent next
  std::int64_t last_target_ = 99;
  std::optional<std::int64_t> first_told_;
};

TEST(MirrorTranslation, NeverPassesARecordThatTheGroupHasNotRead) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Model model(seed);
    Translation translation;
    for (int step = 0; step < 40; ++step) {
      if (step > 0 && model.below(8) == 0 && seed % 2) model.repeat();
      model.mirror(translation);
      ASSERT_LE(translation.pairs().size(), Translation::kMostPairs);
      for (int group = 0; group < 5; ++group) {
        const std::int64_t next = model.below(model.end() + 1);
        const auto to = translation.translate(next);
        if (!to) {
          EXPECT_LT(next, model.first_told());
          continue;
        }
        EXPECT_LE(*to, model.first_unread(next)) << "seed " << seed << ", group at " << next;
      }
    }
  }
}

TEST(MirrorTranslation, ReadsAgainNoMoreThanTheLagOrTheSpacing) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    Translation translation;
    std::int64_t source = 0, widest = 0;
    for (int i = 0; i < 5'000; ++i) {
      const auto step = static_cast<std::int64_t>(1 + random() % 1'000);
      widest = std::max(widest, step);
      source += step;
      translation.add({source, source + 7});
      if (i % 50) continue;
      const std::int64_t oldest = translation.pairs().front().source;
      for (int group = 0; group < 20; ++group) {
        const std::int64_t next =
            oldest +
            static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(source - oldest + 1));
        const std::int64_t again = next - (*translation.translate(next) - 7);
        EXPECT_GE(again, 0);
        EXPECT_LE(again, std::max(source - next, widest)) << "seed " << seed;
      }
    }
  }
}

TEST(MirrorTranslation, TheFirstPairIsKeptForGroupsThatLagFar) {
  Translation translation;
  for (std::int64_t i = 0; i < 1'000'000; ++i) translation.add({i * 100, i * 100 + 5});
  EXPECT_EQ(translation.pairs().front(), (OffsetPair{0, 5}));
  EXPECT_LE(translation.pairs().size(), Translation::kMostPairs);
  EXPECT_EQ(translation.translate(0), 5);
}

TEST(MirrorTranslation, HoldsItsBoundOverAllOffsetsThereAre) {
  Translation translation;
  std::mt19937_64 random(3);
  for (std::int64_t at = 1; at < (std::int64_t{1} << 62); at += 1 + at / 8)
    translation.add({at, at});
  for (int i = 0; i < 100'000; ++i) {
    const OffsetPair last = translation.pairs().back();
    const auto step = static_cast<std::int64_t>(1 + random() % 1000);
    translation.add({last.source + step, last.target + step});
    ASSERT_LE(translation.pairs().size(), Translation::kMostPairs);
  }
}

TEST(MirrorTranslation, TellsTheRecordItselfFromTheOneBehindIt) {
  Translation translation;
  EXPECT_EQ(translation.translate(0), std::nullopt);
  translation.add({10, 100});
  EXPECT_EQ(translation.translate(9), std::nullopt);
  EXPECT_EQ(translation.translate(10), 100);
  EXPECT_EQ(translation.translate(11), 101);
  EXPECT_EQ(translation.translate(5'000), 101);
}

TEST(MirrorTranslation, ASourceThatWasMadeAgainForgetsWhatWas) {
  Translation translation;
  translation.add({10, 100});
  translation.add({500, 590});
  translation.add({0, 700});
  EXPECT_EQ(translation.pairs().size(), 1u);
  EXPECT_EQ(translation.translate(600), 701);
}

TEST(MirrorTranslation, ATargetThatWasMadeAgainForgetsWhatWas) {
  Translation translation;
  translation.add({10, 100});
  translation.add({500, 590});
  translation.add({501, 0});
  EXPECT_EQ(translation.pairs().size(), 1u);
  EXPECT_EQ(translation.translate(499), std::nullopt);
}

TEST(MirrorTranslation, IsTheSameAfterItWasStored) {
  Translation translation;
  EXPECT_TRUE(Translation::decode(translation.encode())->pairs().empty());
  for (std::int64_t i = 0; i < 10'000; ++i) translation.add({i * 3, i * 7});
  const auto read = Translation::decode(translation.encode());
  ASSERT_TRUE(read);
  EXPECT_TRUE(std::equal(read->pairs().begin(), read->pairs().end(), translation.pairs().begin(),
                         translation.pairs().end()));
}

TEST(MirrorTranslation, StoredBytesThatMakeNoSenseAreRefused) {
  for (const char* value :
       {"", "v=2 pairs=1:1", "v=1 pairs=1", "v=1 pairs=1:", "v=1 pairs=:1", "v=1 pairs=1:1,",
        "v=1 pairs=1:1;2:2", "v=1 pairs=-1:1", "v=1 pairs=2:1,1:2", "v=1 pairs=1:2,2:1",
        "v=1 pairs=99999999999999999999:1", "v=1 pairs=1:1 x"})
    EXPECT_FALSE(Translation::decode(value)) << value;
  std::string long_one = "v=1 pairs=0:0";
  for (int i = 1; i < 100'000; ++i) long_one += "," + std::to_string(i) + ":" + std::to_string(i);
  EXPECT_FALSE(Translation::decode(long_one));
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string value = "v=1 pairs=17:20,900:903";
    for (int changes = 0; changes < 3; ++changes)
      value[random() % value.size()] = static_cast<char>(random());
    const auto read = Translation::decode(value);
    EXPECT_TRUE(!read || Translation::decode(read->encode())->encode() == read->encode());
  }
}

}  // namespace
}  // namespace millrace::mirror
