#include <algorithm>

#include "tests/unit/plugins/inputs/file/input_fixture.h"

namespace millrace {
namespace {

TEST_F(FileInputTest, HeldBackLinesComeAgain) {
  files_.write("log", "a\n b\nc\n");
  const std::string codec =
      "codec => multiline { pattern => '^ ' what => previous } start_position => beginning";
  for (int run = 0; run < 2; ++run) {
    MadeInput input = make("log", codec);
    FakeEmitter emitter(*input.made);
    emitter.acknowledges = run == 1;
    emitter.on_batch = [&] { emitter.request_stop(); };
    ASSERT_TRUE(input.made->run(emitter));
    input.made->close();
    EXPECT_EQ(emitter.messages, Texts{"a\n b"});
    EXPECT_EQ(emitter.positions.at(0).position, 5u) << "c may go on";
  }
}

TEST_F(FileInputTest, JoinsLinesFileByFileAndLetsThemGoAfterSilence) {
  files_.write("a.log", "a\n a2\n");
  files_.write("b.log", " is no line of a.log\n");
  files_.write("c.log", "stop\n");
  MadeInput input = make("*.log",
                         "start_position => beginning file_sort_by => path codec => multiline { "
                         "pattern => '^ ' what => previous auto_flush_interval => 0.005 }");
  const Texts seen = tail(input, [](const std::string&) {});
  EXPECT_EQ(seen, (Texts{"a\n a2", " is no line of a.log", "stop"}));
}

TEST_F(FileInputTest, FollowsAFileThroughEverythingThatHappensToIt) {
  files_.write("app.log", "old\npart");
  MadeInput input = make("*.log", "start_position => beginning");
  const Texts seen = tail(input, [&](const std::string& message) {
    if (message == "old") files_.append("app.log", "ial\n");
    if (message == "partial") {
      std::filesystem::rename(files_.path("app.log"), files_.path("app.log.1"));
      files_.append("app.log.1", "late\n");
    }
    if (message == "late") files_.write("app.log", "of the new file, long\n");
    if (message == "of the new file, long") files_.write("app.log", "cut\n");
    if (message == "cut") {
      std::filesystem::remove(files_.path("app.log"));
      files_.write("b.log", "b\n");
    }
    if (message == "b") files_.write("c.log", "stop\n");
  });
  EXPECT_EQ(seen, (Texts{"old", "partial", "late", "of the new file, long", "cut", "b", "stop"}));
}

TEST_F(FileInputTest, BeginsAtTheEndOfWhatIsThereAtTheStart) {
  files_.write("a.log", "before\n");
  files_.write("b.log", "");
  MadeInput input = make("*.log", "");
  FakeEmitter emitter(*input.made);
  emitter.request_stop();  // one look
  ASSERT_TRUE(input.made->run(emitter));
  input.made->close();
  EXPECT_EQ(emitter.messages, Texts{});
  files_.append("a.log", "while nobody looked\nstop\n");
  MadeInput again = make("*.log", "");
  EXPECT_EQ(tail(again, [](const std::string&) {}), (Texts{"while nobody looked", "stop"}));
}

TEST_F(FileInputTest, ReadsMoreFilesThanItMayOpen) {
  Texts expected;
  for (char name = 'a'; name < 'i'; ++name) {
    files_.write(std::string(1, name) + ".log", std::string(1, name) + "\n");
    expected.emplace_back(1, name);
  }
  MadeInput input =
      make("*.log", "start_position => beginning max_open_files => 2 file_sort_by => path");
  Texts seen = tail(input, [&](const std::string& message) {
    if (message == "h") files_.append("a.log", "stop\n");
  });
  expected.push_back("stop");
  EXPECT_EQ(seen, expected);
}

TEST_F(FileInputTest, SeesAFileWrittenAnewAtTheSameSize) {
  files_.write("log", "one\n");
  MadeInput input = make("log", "start_position => beginning");
  const Texts seen = tail(input, [&](const std::string& message) {
    if (message == "one") files_.write("log", "two\n");
    if (message == "two") files_.write("log", "stop\n");
  });
  EXPECT_EQ(seen, (Texts{"one", "two", "stop"}));
}

TEST_F(FileInputTest, SeesAFileThatWasCutWhileNobodyWatched) {
  files_.write("log", "one\nstop\n");
  MadeInput before = make("log", "start_position => beginning");
  EXPECT_EQ(tail(before, [](const std::string&) {}), (Texts{"one", "stop"}));
  files_.write("log", "");
  MadeInput after = make("log", "start_position => beginning");
  FakeEmitter emitter(*after.made);
  emitter.request_stop();  // one look
  ASSERT_TRUE(after.made->run(emitter));
  after.made->close();
  files_.write("log", "two\nstop\n");
  MadeInput later = make("log", "start_position => beginning");
  EXPECT_EQ(tail(later, [](const std::string&) {}), (Texts{"two", "stop"}));
}

TEST_F(FileInputTest, ReadsTheRestOfWhatWasCopiedAndCutInTheCopy) {
  for (const char* pattern : {"app.log", "app.log*"}) {
    std::filesystem::remove(files_.path("app.log.1"));
    std::filesystem::remove(files_.path("db"));
    files_.write("app.log", "one\n");
    MadeInput input = make(pattern, "start_position => beginning");
    const Texts seen = tail(input, [&](const std::string& message) {
      if (message == "one") {
        files_.append("app.log", "two\nthr");
        std::filesystem::copy_file(files_.path("app.log"), files_.path("app.log.1"));
        files_.append("app.log.1", "ee\n");
        files_.write("app.log", "after\n");
      }
      if (message == "after") files_.append("app.log", "stop\n");
    });
    EXPECT_EQ(seen, (Texts{"one", "two", "three", "after", "stop"})) << pattern;
  }
}

TEST_F(FileInputTest, LosesNothingOfWhatIsRotatedWhileNobodyWatches) {
  const std::function<void()> rotations[] = {
      [&] { std::filesystem::rename(files_.path("app.log"), files_.path("app.log.1")); },
      [&] {
        std::filesystem::copy_file(files_.path("app.log"), files_.path("app.log.1"));
        files_.write("app.log", "");
      }};
  for (const auto& rotate : rotations)
    for (const char* pattern : {"app.log", "app.log*"}) {
      std::filesystem::remove(files_.path("app.log.1"));
      std::filesystem::remove(files_.path("db"));
      files_.write("app.log", "one\nstop\n");
      MadeInput before = make(pattern, "start_position => beginning");
      EXPECT_EQ(tail(before, [](const std::string&) {}), (Texts{"one", "stop"}));
      files_.append("app.log", "two\n");
      rotate();
      files_.append("app.log", "three\n");
      MadeInput after = make(pattern, "start_position => end");
      bool said = false;
      Texts seen = tail(after, [&](const std::string&) {
        if (std::exchange(said, true)) return;
        files_.append("app.log", "stop\n");
      });
      std::sort(seen.begin(), seen.end());
      EXPECT_EQ(seen, (Texts{"stop", "three", "two"})) << pattern;
    }
}

TEST_F(FileInputTest, FollowsThousandsOfFilesWithFewDescriptors) {
  constexpr int kFiles = 3000;
  for (int n = 0; n < kFiles; ++n)
    files_.write("d/" + std::to_string(n) + ".log", std::to_string(n) + "\n");
  MadeInput input = make("d/*.log", "start_position => beginning max_open_files => 10");
  FakeEmitter emitter(*input.made);
  std::size_t most_open = 0;
  emitter.on_batch = [&] {
    using std::filesystem::directory_iterator;
    if (emitter.messages.size() % 100 == 0)
      most_open = std::max<std::size_t>(
          most_open, std::distance(directory_iterator("/proc/self/fd"), directory_iterator()));
    if (emitter.messages.size() == kFiles) files_.append("d/7.log", "stop\n");
    if (emitter.messages.back() == "stop") emitter.request_stop();
  };
  ASSERT_TRUE(input.made->run(emitter));
  EXPECT_EQ(emitter.messages.size(), kFiles + 1u);
  EXPECT_LT(most_open, 60u);
}

TEST_F(FileInputTest, ClosesQuietFilesAndOpensThemWhenTheyGrow) {
  files_.write("a.log", "one\n");
  files_.write("b.log", "two\n");
  int others = 0;
  const auto is_open = [&](const std::string& path) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code closed_by_now;
      if (std::filesystem::read_symlink(entry, closed_by_now) == path) return true;
    }
    return false;
  };
  MadeInput input =
      make("*.log", "start_position => beginning file_sort_by => path close_older => 0.001");
  const Texts seen = tail(input, [&](const std::string& message) {
    if (message == "one") {
      EXPECT_TRUE(is_open(files_.path("a.log")));
    } else if (is_open(files_.path("a.log"))) {
      files_.write("c" + std::to_string(++others) + ".log", "more\n");
    } else {
      files_.append("a.log", "stop\n");
    }
  });
  EXPECT_EQ(seen.front(), "one");
}

TEST_F(FileInputTest, IsToldAtOnceOfNewLinesAndNewFiles) {
  files_.write("a.log", "one\n");
  std::filesystem::create_directory(files_.path("empty"));
  MadeInput input(file_input(),
                  "file { path => ['" + files_.path("*.log") + "', '" + files_.path("empty/*") +
                      "'] sincedb_path => '/dev/null' start_position => beginning "
                      "stat_interval => '1 hour' }",
                  EcsMode::disabled, codecs());
  const Texts seen = tail(input, [&](const std::string& message) {
    if (message == "one") files_.write("b.log", "two\n");
    if (message == "two") files_.append("a.log", "three\n");
    if (message == "three") files_.write("empty/c", "four\n");
    if (message == "four") {
      std::filesystem::rename(files_.path("a.log"), files_.path("a.log.1"));
      files_.append("a.log.1", "stop\n");
    }
  });
  EXPECT_EQ(seen, (Texts{"one", "two", "three", "four", "stop"}));
}

}  // namespace
}  // namespace millrace
