#include "plugins/inputs/file/positions.h"

#include <gtest/gtest.h>

#include "tests/unit/support/temp_directory.h"

namespace millrace {
namespace {

using Counts = FilePositions::Counts;

const std::chrono::hours kTwoWeeks{14 * 24};
const FileId kFile{4711, 8, 1};
const FoundFile kFound{.path = "/var/log/a log", .id = kFile};

class FilePositionsTest : public testing::Test {
 protected:
  std::optional<std::uint64_t> stored(const FoundFile& file = kFound) {
    FilePositions positions(directory_.path("sub/db"), kTwoWeeks);
    EXPECT_TRUE(positions.load());
    return offset_in(positions, file);
  }
  static std::optional<std::uint64_t> offset_in(FilePositions& positions, const FoundFile& file) {
    const auto record = positions.find(file);
    return record ? std::optional(record->offset) : std::nullopt;
  }
  TempDirectory directory_;
  FilePositions positions_{directory_.path("sub/db"), kTwoWeeks};
};

TEST_F(FilePositionsTest, StoresWhatWasAcknowledged) {
  ASSERT_TRUE(positions_.load());
  EXPECT_EQ(offset_in(positions_, kFound), std::nullopt);
  const auto partition = positions_.begin({.id = kFile, .path = kFound.path}, 10, Counts::bytes);
  positions_.acknowledged({partition, 25});
  ASSERT_TRUE(positions_.save());
  EXPECT_EQ(stored(), 25u);
  EXPECT_TRUE(directory_.read("sub/db").starts_with("4711 8 1 25 "));
  EXPECT_NE(directory_.read("sub/db").find(" /var/log/a log\t"), std::string::npos);
}

TEST_F(FilePositionsTest, DoesNotCountWhatWasReadBeforeTheFileWasCut) {
  const auto before = positions_.begin({.id = kFile, .path = kFound.path}, 0, Counts::bytes);
  positions_.begin({.id = kFile, .path = kFound.path}, 0, Counts::bytes);
  positions_.acknowledged({before, 100});
  ASSERT_TRUE(positions_.save());
  EXPECT_EQ(stored(), 0u);
}

TEST_F(FilePositionsTest, StoresHowMuchOfAnArchiveWasUnpacked) {
  const auto partition = positions_.begin({.id = kFile, .path = kFound.path}, 0, Counts::unpacked);
  positions_.acknowledged({partition, 1000});
  EXPECT_EQ(positions_.delivered(kFile), 1000u);
  ASSERT_TRUE(positions_.save());
  EXPECT_EQ(stored(), 0u);
  FilePositions later(directory_.path("sub/db"), kTwoWeeks);
  ASSERT_TRUE(later.load());
  EXPECT_EQ(later.find(kFound)->unpacked, 1000u);
  positions_.complete(kFile, 300);
  ASSERT_TRUE(positions_.save());
  EXPECT_EQ(stored(), 300u);
}

TEST_F(FilePositionsTest, ForgetsWhatHasNotBeenFoundForLong) {
  const FoundFile other{.path = "/b", .id = {4712, 8, 1}};
  directory_.write("sub/db", "4711 8 1 33 1000000000.0 /a\n4712 8 1 44 1000000000.0 /b\n");
  ASSERT_TRUE(positions_.load());
  positions_.find(kFound);
  positions_.begin({.id = {4713, 8, 1}, .path = "/c"}, 0, Counts::bytes);
  ASSERT_TRUE(positions_.save());
  EXPECT_EQ(stored(), 33u);
  EXPECT_EQ(stored(other), std::nullopt);
}

TEST_F(FilePositionsTest, KeepsAnyPath) {
  const std::string path = "/a\tb\n\\n c";
  positions_.begin({.id = kFile, .path = path}, 1, Counts::bytes);
  ASSERT_TRUE(positions_.save());
  FilePositions later(directory_.path("sub/db"), kTwoWeeks);
  ASSERT_TRUE(later.load());
  EXPECT_EQ(later.find(kFound)->path, path);
}

TEST_F(FilePositionsTest, AnotherFileWithTheInodeIsUnknown) {
  positions_.begin({.id = kFile, .path = kFound.path}, 50, Counts::bytes);
  ASSERT_TRUE(positions_.save());
  FoundFile later = kFound;
  later.born_ns =
      std::chrono::nanoseconds((std::chrono::system_clock::now() + kTwoWeeks).time_since_epoch())
          .count();
  EXPECT_EQ(stored(later), std::nullopt);
  EXPECT_EQ(stored(), 50u);
}

TEST_F(FilePositionsTest, ReadsWhatLogstashWrites) {
  directory_.write("sub/db",
                   "4711 8 1 33\n"                      // of old
                   "4712 0 5 44 99999999999.25 /a b\n"  // of now
                   "what is this\n-1\n\n");
  ASSERT_TRUE(positions_.load());
  EXPECT_EQ(offset_in(positions_, kFound), 33u);
  EXPECT_EQ(offset_in(positions_, {.path = {}, .id = {4712, 0, 5}}), 44u);
  EXPECT_TRUE(positions_.find(kFound)->completed);
  EXPECT_EQ(positions_.malformed_lines(), 2u);
}

TEST_F(FilePositionsTest, WhatIsAppendedCountsWithTheSnapshotThatItFollows) {
  const auto partition = positions_.begin({.id = kFile, .path = "/a"}, 0, Counts::bytes);
  positions_.begin({.id = {4712, 8, 1}, .path = "/b"}, 7, Counts::bytes);
  ASSERT_TRUE(positions_.save_recent());
  positions_.acknowledged({partition, 25});
  positions_.forget({4712, 8, 1});
  ASSERT_TRUE(positions_.save_recent());
  EXPECT_EQ(stored(), 25u);
  EXPECT_EQ(stored({.path = {}, .id = {4712, 8, 1}}), std::nullopt);
  directory_.append("sub/db.recent", "4711 8 1 3");  // torn
  EXPECT_EQ(stored(), 25u);
  const std::string recent = directory_.read("sub/db.recent");
  positions_.acknowledged({partition, 30});
  ASSERT_TRUE(positions_.save());
  directory_.write("sub/db.recent", recent);
  EXPECT_EQ(stored(), 30u) << "of an older snapshot";
}

TEST_F(FilePositionsTest, NoticesDamage) {
  positions_.begin({.id = kFile, .path = "/a"}, 25, Counts::bytes);
  positions_.begin({.id = {4712, 8, 1}, .path = "/b"}, 7, Counts::bytes);
  ASSERT_TRUE(positions_.save());
  const std::string whole = directory_.read("sub/db");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] ^= 1;
    const std::size_t cut = std::max(at, whole.find('\t') + 1);
    for (const std::string& text : {damaged, whole.substr(0, cut)}) {
      directory_.write("sub/db", text);
      FilePositions positions(directory_.path("sub/db"), kTwoWeeks);
      ASSERT_TRUE(positions.load());
      const auto offset = offset_in(positions, kFound);
      EXPECT_TRUE(offset == 25u || (!offset && positions.is_incomplete())) << text;
    }
  }
}

TEST_F(FilePositionsTest, TakesWhatIsDamagedFromTheSnapshotBefore) {
  const auto partition = positions_.begin({.id = kFile, .path = "/a"}, 25, Counts::bytes);
  ASSERT_TRUE(positions_.save());
  positions_.acknowledged({partition, 30});
  ASSERT_TRUE(positions_.save());
  const std::string whole = directory_.read("sub/db");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] ^= 1;
    directory_.write("sub/db", damaged);
    const auto offset = stored();
    EXPECT_TRUE(offset == 25u || offset == 30u) << damaged;
  }
  std::filesystem::remove(directory_.path("sub/db"));
  EXPECT_EQ(stored(), std::nullopt) << "whoever deletes the store wants to begin anew";
}

TEST_F(FilePositionsTest, ReportsAStoreThatCannotBeWritten) {
  directory_.write("sub", "a file where a directory should be");
  positions_.begin({.id = kFile, .path = kFound.path}, 0, Counts::bytes);
  EXPECT_FALSE(positions_.save());
  std::filesystem::remove(directory_.path("sub"));
  EXPECT_TRUE(positions_.save());
  EXPECT_EQ(stored(), 0u);
}

}  // namespace
}  // namespace millrace
