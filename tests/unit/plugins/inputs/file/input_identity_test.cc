#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/unit/plugins/inputs/file/input_fixture.h"

namespace millrace {
namespace {

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

}  // namespace
}  // namespace millrace
