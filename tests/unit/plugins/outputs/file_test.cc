#include "plugins/outputs/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <thread>

#include "plugins/codecs/json_lines.h"
#include "plugins/codecs/line.h"
#include "plugins/codecs/plain.h"
#include "tests/unit/support/fake_lane.h"
#include "tests/unit/support/temp_directory.h"

namespace millrace {
namespace {

using Events = std::vector<std::string>;

class FileOutputTest : public testing::Test {
 protected:
  MadeOutput make(const std::string& path, const std::string& options = "") {
    Registry codecs;
    codecs.add(json_lines_codec());
    codecs.add(line_codec());
    return MadeOutput(
        file_output(),
        "file { path => '" + path + "' codec => line { format => '%{m}' } " + options + " }",
        EcsMode::disabled, std::move(codecs));
  }

  void deliver(Output& output, const Events& events) { EXPECT_TRUE(lane_.write(output, events)); }
  /// As gunzip sees it.
  std::string unpacked(const std::string& name) const {
    const gzFile file = gzopen(files_.path(name).c_str(), "rb");
    char text[1000];
    const int got = gzread(file, text, sizeof text);
    EXPECT_EQ(gzclose(file), Z_OK);
    return std::string(text, static_cast<std::size_t>(std::max(got, 0)));
  }
  std::uint64_t delivered() const { return lane_.delivered(); }

  TempDirectory files_;
  FakeLane lane_;
};

TEST_F(FileOutputTest, AppendsAndMakesDirectories) {
  for (int run = 0; run < 2; ++run) {
    MadeOutput output = make(files_.path("new/er/out"));
    ASSERT_TRUE(output.made) << output.messages();
    deliver(*output.made, {R"({"m":"a"})", R"({"m":"b"})"});
    ASSERT_TRUE(output.made->close(lane_.give_up));
  }
  EXPECT_EQ(files_.read("new/er/out"), "a\nb\na\nb\n");
  EXPECT_EQ(delivered(), 4u);
}

TEST_F(FileOutputTest, OverwritesOnceWhereItIsTold) {
  files_.write("out", "before\n");
  MadeOutput output = make(files_.path("out"), "write_behavior => overwrite");
  deliver(*output.made, {R"({"m":"a"})"});
  deliver(*output.made, {R"({"m":"b"})"});
  EXPECT_EQ(files_.read("out"), "a\nb\n");
}

TEST_F(FileOutputTest, KeepsTheOrderInEachFileOfATemplatedPath) {
  MadeOutput output = make(files_.path("%{app}/%{m}.log"), "codec => line { format => '%{n}' }");
  EXPECT_FALSE(output.made) << "two codecs";
  MadeOutput sorted = make(files_.path("%{app}.log"));
  deliver(*sorted.made, {R"({"m":"1","app":"x"})", R"({"m":"2","app":"y"})",
                         R"({"m":"3","app":"x"})", R"({"m":"4","app":"sub/z"})"});
  EXPECT_EQ(files_.read("x.log"), "1\n3\n");
  EXPECT_EQ(files_.read("y.log"), "2\n");
  EXPECT_EQ(files_.read("sub/z.log"), "4\n");
}

TEST_F(FileOutputTest, EventsCannotLeaveTheBaseDirectory) {
  files_.write("base/x", "");
  MadeOutput output = make(files_.path("base/%{app}"), "filename_failure => failed");
  const Events hostile = {R"({"m":"1","app":"../../etc/passwd"})",
                          R"({"m":"2","app":"a/../../b"})",
                          R"({"m":"3","app":".."})",
                          R"({"m":"4","app":""})",
                          R"({"m":"5","app":"a\u0000b"})",
                          R"({"m":"6","app":"a/"})",
                          R"({"m":"7","app":"/etc/passwd"})"};
  deliver(*output.made, hostile);
  deliver(*output.made, {R"({"m":"8","app":"etc/..a"})"});
  EXPECT_EQ(files_.read("base/failed"), "1\n2\n3\n4\n5\n6\n7\n");
  EXPECT_EQ(files_.read("base/etc/..a"), "8\n");
}

TEST_F(FileOutputTest, RefusesAPathThatEventsChooseWholly) {
  for (const char* path : {"%{app}", "/%{app}/x"}) {
    MadeOutput output = make(path);
    EXPECT_FALSE(output.made) << path;
  }
}

TEST_F(FileOutputTest, SettlesCompressedEventsWhenTheyAreInTheFile) {
  MadeOutput output = make(files_.path("out.gz"), "gzip => true");
  deliver(*output.made, {R"({"m":"a"})"});
  EXPECT_EQ(delivered(), 0u);
  ASSERT_TRUE(output.made->flush_due());
  ASSERT_TRUE(output.made->flush(lane_.give_up));
  EXPECT_EQ(delivered(), 1u);
  deliver(*output.made, {R"({"m":"b"})"});
  ASSERT_TRUE(output.made->close(lane_.give_up));
  EXPECT_EQ(delivered(), 2u);
  EXPECT_EQ(unpacked("out.gz"), "a\nb\n");
}

TEST_F(FileOutputTest, HalfAnEventThatACrashLeftIsSetAside) {
  files_.write("out", "a\nb\nhal");
  MadeOutput output = make(files_.path("out"));
  deliver(*output.made, {R"({"m":"c"})"});
  EXPECT_EQ(files_.read("out"), "a\nb\nc\n");
  EXPECT_EQ(files_.read("out.torn"), "hal\n");
  files_.append("out.log", "no line at all");
  MadeOutput other = make(files_.path("out.log"));
  deliver(*other.made, {R"({"m":"c"})"});
  EXPECT_EQ(files_.read("out.log"), "c\n");
  EXPECT_EQ(files_.read("out.log.torn"), "no line at all\n");
}

TEST_F(FileOutputTest, HalfAnEventStaysOnALineOfItsOwnWhereItCannotBeSetAside) {
  const std::string endless(std::size_t{2} << 20, 'x');
  files_.write("endless", endless);
  MadeOutput output = make(files_.path("endless"));
  deliver(*output.made, {R"({"m":"c"})"});
  EXPECT_EQ(files_.read("endless"), endless + "\nc\n");

  const std::string name(253, 'n');  // with ".torn" it is too long
  files_.write(name, "a\nhal");
  MadeOutput named = make(files_.path(name));
  deliver(*named.made, {R"({"m":"c"})"});
  EXPECT_EQ(files_.read(name), "a\nhal\nc\n");
}

TEST_F(FileOutputTest, WhatAnotherWriterIsInTheMiddleOfStays) {
  const int other = open(files_.write("out", "a\nhal").c_str(), O_RDONLY);
  ASSERT_EQ(flock(other, LOCK_SH), 0);
  MadeOutput output = make(files_.path("out"));
  deliver(*output.made, {R"({"m":"c"})"});
  EXPECT_EQ(files_.read("out"), "a\nhalc\n");
  close(other);
}

TEST_F(FileOutputTest, HalfAGzipMemberThatACrashLeftIsSetAside) {
  for (int run = 0; run < 2; ++run) {
    MadeOutput output = make(files_.path("out.gz"), "gzip => true");
    deliver(*output.made, {R"({"m":"a"})"});
    ASSERT_TRUE(output.made->close(lane_.give_up));
    if (run == 0) files_.append("out.gz", files_.read("out.gz").substr(0, 25));
  }
  EXPECT_EQ(unpacked("out.gz"), "a\na\n");
  EXPECT_EQ(files_.read("out.gz.torn").size(), 25u);
}

TEST_F(FileOutputTest, AnUnfinishedGzipMemberIsNeitherSettledNorInTheFile) {
  MadeOutput output = make(files_.path("out.gz"), "gzip => true");
  deliver(*output.made, {R"({"m":"a"})"});
  output.made.reset();
  EXPECT_EQ(files_.read("out.gz"), "") << "nothing of it is settled, nothing is there";
  EXPECT_EQ(delivered(), 0u);
}

TEST_F(FileOutputTest, AGzipMemberOfAFileThatWasRemovedGoesWhereItsNextEventsGo) {
  for (const bool again : {true, false}) {
    MadeOutput output = make(files_.path("gone/%{app}.gz"),
                             again ? "gzip => true" : "gzip => true create_if_deleted => false");
    deliver(*output.made, {R"({"m":"a","app":"x"})"});
    std::filesystem::remove(files_.path("gone/x.gz"));
    ASSERT_TRUE(output.made->close(lane_.give_up));
    EXPECT_EQ(unpacked(again ? "gone/x.gz" : "gone/_filepath_failures"), "a\n");
    EXPECT_EQ(files_.has("gone/x.gz"), again);
    std::filesystem::remove_all(files_.path("gone"));
  }
}

TEST_F(FileOutputTest, AFileWithoutEndingsIsNoTornOne) {
  files_.write("out", "abc");
  Registry codecs;
  codecs.add(plain_codec());
  MadeOutput output(
      file_output(),
      "file { path => '" + files_.path("out") + "' codec => plain { format => '%{m}' } }",
      EcsMode::disabled, std::move(codecs));
  ASSERT_TRUE(output.made) << output.messages();
  deliver(*output.made, {R"({"m":"d"})"});
  EXPECT_EQ(files_.read("out"), "abcd");
}

TEST_F(FileOutputTest, RotatesBySizeAndKeepsSome) {
  MadeOutput output = make(files_.path("out"), "rotate_size => 4 rotate_keep => 2");
  for (const char* event : {R"({"m":"111"})", R"({"m":"222"})", R"({"m":"333"})", R"({"m":"444"})"})
    deliver(*output.made, {event});
  EXPECT_EQ(files_.read("out"), "444\n");
  EXPECT_EQ(files_.read("out.1"), "333\n");
  EXPECT_EQ(files_.read("out.2"), "222\n");
  EXPECT_FALSE(files_.has("out.3"));
}

TEST_F(FileOutputTest, RotatingMovesNoMoreOldFilesThanItMust) {
  files_.write("out.2", "old\n");
  MadeOutput output = make(files_.path("out"), "rotate_size => 4 rotate_keep => 2");
  for (const char* event : {R"({"m":"111"})", R"({"m":"222"})"}) deliver(*output.made, {event});
  EXPECT_EQ(files_.read("out.1"), "111\n");
  EXPECT_EQ(files_.read("out.2"), "old\n");
}

TEST_F(FileOutputTest, RotatesByAge) {
  MadeOutput output = make(files_.path("out"), "rotate_interval => 0.02 rotate_keep => 1000");
  std::string all;
  for (int n = 0; !files_.has("out.2") && n < 10'000'000; ++n) {
    deliver(*output.made, {R"({"m":")" + std::to_string(n) + "\"}"});
    all += std::to_string(n) + "\n";
  }
  std::string read = files_.read("out");
  for (int n = 1; files_.has("out." + std::to_string(n)); ++n)
    read.insert(0, files_.read("out." + std::to_string(n)));
  EXPECT_TRUE(files_.has("out.2"));
  EXPECT_EQ(read, all);
}

TEST_F(FileOutputTest, ANameThatCanBeNoFilesDoesNotHoldUpTheOthers) {
  std::filesystem::create_directories(files_.path("logs/directory"));
  for (const std::string options : {"", "gzip => true"}) {
    MadeOutput output = make(files_.path("logs/%{app}"), options);
    const std::string endless(300, 'x');
    deliver(*output.made,
            {R"({"m":"1","app":")" + endless + "\"}", R"({"m":"2","app":"directory"})",
             R"({"m":"3","app":"good"})", R"({"m":"4","app":"good/deeper"})"});
    ASSERT_TRUE(output.made->close(lane_.give_up));
    EXPECT_EQ(unpacked("logs/_filepath_failures"), "1\n2\n4\n");
    EXPECT_EQ(unpacked("logs/good"), "3\n");
    std::filesystem::remove(files_.path("logs/_filepath_failures"));
    std::filesystem::remove(files_.path("logs/good"));
  }
  EXPECT_EQ(delivered(), 8u);
}

TEST_F(FileOutputTest, AGzipMemberOfAFileThatBecameADirectoryGoesToTheFailures) {
  MadeOutput output = make(files_.path("logs/%{app}"), "gzip => true");
  deliver(*output.made, {R"({"m":"1","app":"x"})"});
  std::filesystem::remove(files_.path("logs/x"));
  std::filesystem::create_directories(files_.path("logs/x"));
  ASSERT_TRUE(output.made->close(lane_.give_up));
  EXPECT_EQ(unpacked("logs/_filepath_failures"), "1\n");
  EXPECT_EQ(delivered(), 1u);
}

TEST_F(FileOutputTest, AFullDiskIsWaitedForAndNotTakenForSuccess) {
  MadeOutput output = make("/dev/full");
  std::thread giving_up([this] { lane_.give_up.request(); });
  deliver(*output.made, {R"({"m":"a"})"});
  giving_up.join();
  EXPECT_EQ(delivered(), 0u);
}

TEST_F(FileOutputTest, GoesOnWhereItStoppedWhenWritingWorksAgain) {
  const std::string path = files_.path("out");
  ASSERT_EQ(mkdir(path.c_str(), 0755), 0);  // in the way of the file
  MadeOutput output = make(path);
  std::thread repair([&] { rmdir(path.c_str()); });
  deliver(*output.made, {R"({"m":"a"})", R"({"m":"b"})"});
  repair.join();
  EXPECT_EQ(files_.read("out"), "a\nb\n");
  EXPECT_EQ(delivered(), 2u);
}

TEST_F(FileOutputTest, ClosesStaleFiles) {
  MadeOutput output = make(files_.path("%{m}"), "stale_cleanup_interval => 0");
  for (int n = 0; n < 600; ++n) deliver(*output.made, {R"({"m":")" + std::to_string(n) + "\"}"});
  EXPECT_EQ(delivered(), 600u);
  EXPECT_EQ(files_.read("599"), "599\n");
  const auto open = std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                                  std::filesystem::directory_iterator());
  EXPECT_LT(open, 100);
}

}  // namespace
}  // namespace millrace
