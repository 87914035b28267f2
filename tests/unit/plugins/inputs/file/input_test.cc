#include "plugins/inputs/file/input.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <zlib.h>

#include <algorithm>

#include "plugins/codecs/multiline.h"
#include "plugins/codecs/plain.h"
#include "tests/unit/support/fake_emitter.h"
#include "tests/unit/support/temp_directory.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

Registry codecs() {
  Registry registry;
  registry.add(plain_codec());
  registry.add(multiline_codec());
  return registry;
}

class FileInputTest : public testing::Test {
 protected:
  /// An input over `pattern` in the directory, with more options; positions in "db".
  MadeInput make(const std::string& pattern, const std::string& options,
                 EcsMode ecs = EcsMode::disabled) {
    return MadeInput(file_input(),
                     "file { path => '" + files_.path(pattern) + "' sincedb_path => '" +
                         files_.path("db") + "' stat_interval => 0.001 discover_interval => 1 " +
                         options + "}",
                     ecs, codecs());
  }
  MadeInput reader(const std::string& pattern, const std::string& options = "") {
    return make(pattern,
                "mode => read exit_after_read => true file_completed_action => log "
                "file_completed_log_path => '" +
                    files_.path("done") + "' " + options);
  }

  /// A whole life of an input: the messages that came.
  static Texts messages_of(MadeInput& input) {
    FakeEmitter emitter(*input.made);
    EXPECT_TRUE(input.made->run(emitter));
    input.made->close();
    return emitter.messages;
  }
  Texts read(const std::string& pattern, const std::string& options = "") {
    MadeInput input = reader(pattern, options);
    EXPECT_TRUE(input.made) << input.messages();
    return messages_of(input);
  }

  /// Tails; `act` is told the latest message after each batch and stops the input by "stop".
  Texts tail(MadeInput& input, const std::function<void(const std::string&)>& act) {
    FakeEmitter emitter(*input.made);
    emitter.on_batch = [&] {
      if (emitter.messages.empty()) return;
      if (emitter.messages.back() == "stop") return emitter.request_stop();
      act(emitter.messages.back());
    };
    EXPECT_TRUE(input.made->run(emitter));
    input.made->close();
    return emitter.messages;
  }

  void write_gzip(const std::string& name, const std::string& content) {
    const gzFile file = gzopen(files_.path(name).c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
  }

  bool said_ = false;
  TempDirectory files_;
};

TEST_F(FileInputTest, CutsLines) {
  using namespace std::string_literals;
  const std::tuple<std::string, std::string, Texts> cases[] = {
      {"one\ntwo\n", "", {"one", "two"}},
      {"one\ntwo", "", {"one", "two"}},
      {"\n\none\n", "", {"", "", "one"}},
      {"", "", {}},
      {"a\0b\n"s, "", {"a\0b"s}},
      {"one||two|\n||three", "delimiter => '||'", {"one", "two|\n", "three"}},
  };
  for (const auto& [content, options, expected] : cases) {
    files_.write("log", content);
    std::filesystem::remove(files_.path("db"));
    EXPECT_EQ(read("log", options), expected) << content;
  }
}

TEST_F(FileInputTest, CutsALineThatIsLongerThanMemoryShouldBe) {
  files_.write("log", std::string(40 << 20, 'x') + "\nshort\n");
  const Texts pieces = read("log");
  ASSERT_EQ(pieces.size(), 4u);
  EXPECT_EQ(pieces[0].size() + pieces[1].size() + pieces[2].size(), 40u << 20);
  EXPECT_EQ(pieces[3], "short");
}

TEST_F(FileInputTest, SaysWhereEventsComeFrom) {
  const std::string path = files_.write("log", "x\n");
  const std::string metadata = R"("@metadata":{"path":")" + path + R"(","host":"here"}})";
  const std::pair<EcsMode, std::string> cases[] = {
      {EcsMode::disabled, R"({"message":"x","path":")" + path + R"(","host":"here",)" + metadata},
      {EcsMode::v8, R"({"message":"x","event":{"original":"x"},"log":{"file":{"path":")" + path +
                        R"("}},"host":{"name":"here"},)" + metadata}};
  for (const auto& [ecs, expected] : cases) {
    std::filesystem::remove(files_.path("db"));
    MadeInput input = make("log",
                           "mode => read file_completed_action => log "
                           "file_completed_log_path => '/dev/null'",
                           ecs);
    FakeEmitter emitter(*input.made);
    ASSERT_TRUE(input.made->run(emitter));  // ends: the path names a file
    EXPECT_EQ(emitter.events, Texts{expected});
  }
}

/// The ids of the events that come, for a config that mentions them.
class FileInputIds : public FileInputTest {
 protected:
  static std::string id_of(const std::string& event) {
    const std::string key = R"("millrace":{"id":")";
    const std::size_t at = event.find(key);
    if (at == std::string::npos) return "none in " + event;
    return event.substr(at + key.size(), event.find('"', at + key.size()) - at - key.size());
  }
  /// From the start of the file, whatever was read before, in batches of `most` events.
  Texts ids(const std::string& options, std::uint32_t most = 125) {
    std::filesystem::remove(files_.path("db"));
    MadeInput input = reader("log", options);
    FakeEmitter emitter(*input.made);
    emitter.most = most;
    EXPECT_TRUE(input.made->run(emitter));
    Texts out;
    for (const std::string& event : emitter.events) out.push_back(id_of(event));
    return out;
  }
  static Texts places(const Texts& ids) {
    Texts out;
    for (const std::string& id : ids) out.push_back(id.substr(id.rfind(':')));
    return out;
  }
  const Result<FieldRef> mention_ = FieldRef::parse("[@metadata][millrace][id]");
};

TEST_F(FileInputIds, NameTheFileAndThePlaceOfALineInIt) {
  files_.write("log", "one\ntwo\n\nfour");
  const Texts first = ids("");
  EXPECT_EQ(places(first), (Texts{":0", ":4", ":8", ":9"}));
  files_.append("log", "\nfive\n");
  Texts again = ids("", 1);
  EXPECT_EQ(again.back().substr(again.back().rfind(':')), ":14");
  again.pop_back();
  EXPECT_EQ(again, first);
}

TEST_F(FileInputIds, AreTheSameWhereverABatchOfHeldLinesEnds) {
  files_.write("log", "a\n 1\n 2\nb\nc\n 3\n");
  const std::string codec = "codec => multiline { pattern => '^ ' what => previous }";
  const Texts all = ids(codec);
  EXPECT_EQ(places(all), (Texts{":0", ":8", ":10"}));
  EXPECT_EQ(ids(codec, 1), all);
}

TEST_F(FileInputIds, DifferWhereTheContentDoes) {
  files_.write("log", "one\n");
  MadeInput input = make("log", "start_position => beginning");
  FakeEmitter emitter(*input.made);
  emitter.on_batch = [&] {
    if (emitter.events.size() == 1) {
      files_.write("log", "");
      files_.write("log", "1\n");
    } else {
      emitter.request_stop();
    }
  };
  ASSERT_TRUE(input.made->run(emitter));
  ASSERT_EQ(emitter.events.size(), 2u);
  EXPECT_NE(id_of(emitter.events[0]), id_of(emitter.events[1]));
}

TEST_F(FileInputTest, ReadsFilesInOrderAndEachOnce) {
  files_.write("b.log", "1\n");
  files_.write("a.log", "2\n");
  const std::string order = "file_sort_by => path file_sort_direction => ";
  EXPECT_EQ(read("*.log", order + "desc"), (Texts{"1", "2"}));
  EXPECT_EQ(files_.read("done"), files_.path("b.log") + "\n" + files_.path("a.log") + "\n");
  EXPECT_EQ(read("*.log", order + "asc"), Texts{});
  files_.append("a.log", "more\n");
  EXPECT_EQ(read("*.log", order + "asc"), Texts{"more"});
}

TEST_F(FileInputTest, ReadsWhatChangedLastAtTheEndOrFirst) {
  using std::filesystem::file_time_type;
  for (const auto& [name, hours] : {std::pair("a", 1), std::pair("b", 3), std::pair("c", 2)}) {
    files_.write(name + std::string(".log"), name + std::string("\n"));
    std::filesystem::last_write_time(files_.path(name + std::string(".log")),
                                     file_time_type::clock::now() - std::chrono::hours(hours));
  }
  EXPECT_EQ(read("*.log"), (Texts{"b", "c", "a"}));
  std::filesystem::remove(files_.path("db"));
  EXPECT_EQ(read("*.log", "file_sort_direction => desc"), (Texts{"a", "c", "b"}));
}

TEST_F(FileInputTest, GivesFilesTheirTurnsByChunks) {
  const std::string line(1000, 'a');
  for (int n = 0; n < 400; ++n) files_.append("a.log", line + "\n");
  files_.write("b.log", "b\n");
  const auto place_of_b = [&](const std::string& options) {
    std::filesystem::remove(files_.path("db"));
    const Texts lines = read("*.log", "file_sort_by => path " + options);
    EXPECT_EQ(lines.size(), 401u);
    return std::find(lines.begin(), lines.end(), "b") - lines.begin();
  };
  EXPECT_EQ(place_of_b(""), 400);
  EXPECT_LT(place_of_b("file_chunk_size => 1000 file_chunk_count => 100"), 200);
}

TEST_F(FileInputTest, PositionsAreTheEndsOfWhatBatchesCover) {
  files_.write("log", "one\ntwo\nthree\nfour");
  MadeInput input = reader("log");
  FakeEmitter emitter(*input.made);
  emitter.most = 2;
  ASSERT_TRUE(input.made->run(emitter));
  std::vector<std::uint64_t> positions;
  for (const SourcePosition position : emitter.positions) positions.push_back(position.position);
  EXPECT_EQ(positions, (std::vector<std::uint64_t>{8, 14, 18}));
}

TEST_F(FileInputTest, GoesOnBehindWhatWasAcknowledged) {
  files_.write("log", "one\ntwo\nthree\n");
  MadeInput input = make("log", "mode => read");
  FakeEmitter emitter(*input.made);
  emitter.most = 1;
  emitter.on_batch = [&] { emitter.acknowledges = false; };
  ASSERT_TRUE(input.made->run(emitter));
  input.made->close();
  EXPECT_EQ(emitter.messages.size(), 3u);
  EXPECT_TRUE(files_.has("log")) << "not all of it was delivered";
  EXPECT_EQ(read("log"), (Texts{"two", "three"}));
}

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

TEST_F(FileInputTest, GoesOnWhereLogstashWas) {
  files_.write("log", "one\ntwo\nstop\n");
  struct stat about {};
  ASSERT_EQ(stat(files_.path("log").c_str(), &about), 0);
  files_.write("db", std::to_string(about.st_ino) + " " + std::to_string(major(about.st_dev)) +
                         " " + std::to_string(minor(about.st_dev)) + " 4 99999999999.5 " +
                         files_.path("log") + "\n");
  MadeInput input = make("log", "");
  EXPECT_EQ(tail(input, [](const std::string&) {}), (Texts{"two", "stop"}));
}

TEST_F(FileInputTest, DeletesAFileThatIsDelivered) {
  files_.write("log", "one\n");
  MadeInput input = make("log", "mode => read");
  EXPECT_EQ(messages_of(input), Texts{"one"});
  EXPECT_FALSE(files_.has("log"));
}

TEST_F(FileInputTest, DeletesNothingThatHasGrownMeanwhile) {
  files_.write("log", "one\n");
  MadeInput input = make("log", "mode => read");
  FakeEmitter emitter(*input.made);
  ASSERT_TRUE(input.made->run(emitter));
  files_.append("log", "two\n");
  input.made->close();
  EXPECT_TRUE(files_.has("log"));
  EXPECT_EQ(read("log"), Texts{"two"});
}

TEST_F(FileInputTest, UnpacksArchives) {
  write_gzip("a.gz", "one\ntwo");
  EXPECT_EQ(read("*.gz"), (Texts{"one", "two"}));
  EXPECT_EQ(read("*.gz"), Texts{});
}

TEST_F(FileInputTest, KeepsADamagedArchive) {
  write_gzip("a.gz", std::string(100000, 'x') + "\n");
  std::filesystem::resize_file(files_.path("a.gz"), 100);
  for (const char* checked : {"true", "false"}) {
    const std::string checking = "check_archive_validity => " + std::string(checked);
    MadeInput input = make("*.gz", "mode => read exit_after_read => true " + checking);
    messages_of(input);
    EXPECT_TRUE(files_.has("a.gz"));
  }
}

TEST_F(FileInputTest, GoesOnWithinAnArchive) {
  write_gzip("a.gz", "one\ntwo\nthree\n");
  MadeInput input = reader("a.gz");
  FakeEmitter emitter(*input.made);
  emitter.most = 1;
  emitter.on_batch = [&] { emitter.acknowledges = false; };
  ASSERT_TRUE(input.made->run(emitter));
  input.made->close();
  EXPECT_EQ(read("a.gz"), (Texts{"two", "three"}));
  EXPECT_EQ(read("a.gz"), Texts{});
}

TEST_F(FileInputTest, DeletesNothingThatItCannotLog) {
  files_.write("log", "one\n");
  std::filesystem::create_directory(files_.path("done"));
  const auto read_and_delete = [&] {
    MadeInput input = make("log",
                           "mode => read file_completed_action => log_and_delete "
                           "file_completed_log_path => '" +
                               files_.path("done") + "'");
    return messages_of(input);
  };
  EXPECT_EQ(read_and_delete(), Texts{"one"});
  EXPECT_TRUE(files_.has("log"));
  std::filesystem::remove(files_.path("done"));
  EXPECT_EQ(read_and_delete(), Texts{});
  EXPECT_FALSE(files_.has("log"));
  EXPECT_EQ(files_.read("done"), files_.path("log") + "\n");
}

TEST_F(FileInputTest, EndsWhenThePipelineTakesNoMore) {
  files_.write("log", "one\ntwo\nthree\n");
  MadeInput input = reader("log");
  FakeEmitter emitter(*input.made);
  emitter.most = 1;
  emitter.takes = 1;
  ASSERT_TRUE(input.made->run(emitter));
  input.made->close();
  EXPECT_EQ(read("log"), (Texts{"two", "three"}));
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

TEST_F(FileInputTest, FindsTheRestOfAClosedFileThatWasRenamedOutOfThePattern) {
  files_.write("a.log", "a\n");
  files_.write("b.log", "b\n");  // closes a.log when it is opened
  MadeInput input =
      make("*.log", "start_position => beginning max_open_files => 1 file_sort_by => path");
  const Texts seen = tail(input, [&](const std::string& message) {
    if (message != "b") return;
    files_.append("a.log", "rest\nstop\n");
    std::filesystem::rename(files_.path("a.log"), files_.path("a.log.1"));
  });
  EXPECT_EQ(seen, (Texts{"a", "b", "rest", "stop"}));
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
      Texts seen = tail(after, [&](const std::string&) {
        if (std::exchange(said_, true)) return;
        files_.append("app.log", "stop\n");
      });
      said_ = false;
      std::sort(seen.begin(), seen.end());
      EXPECT_EQ(seen, (Texts{"stop", "three", "two"})) << pattern;
    }
}

TEST_F(FileInputTest, ATargetThatIsRotatedBehindItsLinkIsReadToItsEnd) {
  files_.write("pods/0.log", "one\n");
  files_.write("links/x", "");
  std::filesystem::create_symlink(files_.path("pods/0.log"), files_.path("links/app.log"));
  files_.write("links/b.log", "b\n");
  MadeInput input = make("links/*.log", "start_position => beginning max_open_files => 1");
  const Texts seen = tail(input, [&](const std::string& message) {
    if (message != "b") return;
    files_.append("pods/0.log", "two\n");
    std::filesystem::rename(files_.path("pods/0.log"), files_.path("pods/0.log.1"));
    files_.write("pods/0.log", "three\nstop\n");
  });
  EXPECT_EQ(seen, (Texts{"one", "b", "two", "three", "stop"}));
}

TEST_F(FileInputTest, AnotherFileWithTheInodeIsReadFromItsStart) {
  files_.write("a.log", "one\nstop\n");
  MadeInput before = make("*.log", "start_position => beginning");
  EXPECT_EQ(tail(before, [](const std::string&) {}), (Texts{"one", "stop"}));
  const auto inode = [&] {
    struct stat about {};
    stat(files_.path("a.log").c_str(), &about);
    return about.st_ino;
  };
  const auto old = inode();
  std::filesystem::remove(files_.path("a.log"));
  files_.write("a.log", "two, which is long enough\nstop\n");
  if (inode() != old) GTEST_SKIP() << "the file system gave another inode";
  MadeInput after = make("*.log", "");
  EXPECT_EQ(tail(after, [](const std::string&) {}), (Texts{"two, which is long enough", "stop"}));
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

TEST_F(FileInputTest, LeavesOutWhatIsTooOld) {
  files_.write("a.log", "x\n");
  using std::filesystem::file_time_type;
  std::filesystem::last_write_time(files_.path("a.log"),
                                   file_time_type::clock::now() - std::chrono::hours(3));
  EXPECT_EQ(read("a.log", "ignore_older => '2 hours'"), Texts{});
  EXPECT_EQ(read("a.log", "ignore_older => '4 hours'"), Texts{"x"});
}

TEST_F(FileInputTest, RefusesOptionsThatMakeNoSense) {
  const std::pair<std::string, std::string> cases[] = {
      {"file { path => 'relative.log' }", "relative.log"},
      {"file { path => '/a' exit_after_read => true }", "exit_after_read"},
      {"file { path => '/a' mode => read file_completed_action => log }",
       "file_completed_log_path"},
      {"file { path => '/a' delimiter => '' }", "delimiter"},
      {"file { path => [] }", "path"},
      {"file { path => '/a' mode => write }", "tail"},
  };
  for (const auto& [config, expected] : cases) {
    MadeInput input(file_input(), config, EcsMode::disabled, codecs());
    EXPECT_FALSE(input.made) << config;
    EXPECT_NE(input.messages().find(expected), std::string::npos) << input.messages();
  }
}

}  // namespace
}  // namespace millrace
