#include "plugins/inputs/file_positions.h"

#include <gtest/gtest.h>

#include "tests/unit/support/temp_directory.h"

namespace millrace {
namespace {

using Resume = FilePositions::Resume;

const std::chrono::hours kTwoWeeks{14 * 24};
const FileId kFile{4711, 8, 1};
const FoundFile kFound{.path = "/var/log/a log", .id = kFile};

class FilePositionsTest : public testing::Test {
 protected:
  std::optional<std::uint64_t> stored(const FoundFile& file = kFound) {
    FilePositions positions(directory_.path("sub/db"), kTwoWeeks);
    EXPECT_TRUE(positions.load());
    return positions.find(file);
  }
  TempDirectory directory_;
  FilePositions positions_{directory_.path("sub/db"), kTwoWeeks};
};

TEST_F(FilePositionsTest, StoresWhatWasAcknowledged) {
  ASSERT_TRUE(positions_.load());
  EXPECT_EQ(positions_.find(kFound), std::nullopt);
  const auto partition = positions_.begin(kFile, kFound.path, 10, Resume::at_offset);
  positions_.acknowledged({partition, 25});
  ASSERT_TRUE(positions_.save());
  EXPECT_EQ(stored(), 25u);
  EXPECT_TRUE(directory_.read("sub/db").starts_with("4711 8 1 25 "));
  EXPECT_TRUE(directory_.read("sub/db").ends_with(" /var/log/a log\n"));
}

TEST_F(FilePositionsTest, DoesNotCountWhatWasReadBeforeTheFileWasCut) {
  const auto before = positions_.begin(kFile, kFound.path, 0, Resume::at_offset);
  positions_.begin(kFile, kFound.path, 0, Resume::at_offset);
  positions_.acknowledged({before, 100});
  ASSERT_TRUE(positions_.save());
  EXPECT_EQ(stored(), 0u);
}

TEST_F(FilePositionsTest, StoresArchivesOnlyWhole) {
  const auto partition = positions_.begin(kFile, kFound.path, 0, Resume::when_whole);
  positions_.acknowledged({partition, 1000});
  EXPECT_EQ(positions_.delivered(kFile), 1000u);
  ASSERT_TRUE(positions_.save());
  EXPECT_EQ(stored(), 0u);
  positions_.complete(kFile, 300);
  ASSERT_TRUE(positions_.save());
  EXPECT_EQ(stored(), 300u);
}

TEST_F(FilePositionsTest, AnotherFileWithTheInodeIsUnknown) {
  positions_.begin(kFile, kFound.path, 50, Resume::at_offset);
  ASSERT_TRUE(positions_.save());
  FoundFile later = kFound;
  later.born_ns = std::chrono::nanoseconds(
                      (std::chrono::system_clock::now() + kTwoWeeks).time_since_epoch())
                      .count();
  EXPECT_EQ(stored(later), std::nullopt);
  EXPECT_EQ(stored(), 50u);
}

TEST_F(FilePositionsTest, ReadsWhatLogstashWrites) {
  directory_.write("sub/db",
                   "4711 8 1 33\n"                           // of old
                   "4712 0 5 44 99999999999.25 /a b\n"       // of now
                   "4713 0 5 55 1000000000.0 /long/ago\n"    // forgotten
                   "what is this\n-1\n\n");
  ASSERT_TRUE(positions_.load());
  EXPECT_EQ(positions_.find(kFound), 33u);
  EXPECT_EQ(positions_.find({.id = {4712, 0, 5}}), 44u);
  EXPECT_EQ(positions_.find({.id = {4713, 0, 5}}), std::nullopt);
  EXPECT_EQ(positions_.malformed_lines(), 2u);
}

TEST_F(FilePositionsTest, ReportsAStoreThatCannotBeWritten) {
  directory_.write("sub", "a file where a directory should be");
  positions_.begin(kFile, kFound.path, 0, Resume::at_offset);
  EXPECT_FALSE(positions_.save());
  std::filesystem::remove(directory_.path("sub"));
  EXPECT_TRUE(positions_.save());
  EXPECT_EQ(stored(), 0u);
}

}  // namespace
}  // namespace millrace
