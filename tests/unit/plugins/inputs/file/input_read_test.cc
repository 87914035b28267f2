#include <algorithm>

#include "tests/unit/plugins/inputs/file/input_fixture.h"

namespace millrace {
namespace {

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
