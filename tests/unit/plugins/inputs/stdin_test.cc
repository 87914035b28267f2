#include "plugins/inputs/stdin.h"

#include <gtest/gtest.h>

#include "plugins/codecs/line.h"
#include "plugins/codecs/multiline.h"
#include "tests/unit/support/fake_emitter.h"
#include "tests/unit/support/redirect.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

class StdinInputTest : public testing::Test {
 protected:
  void use(const std::string& config, EcsMode ecs = EcsMode::disabled) {
    Registry codecs;
    codecs.add(line_codec());
    codecs.add(multiline_codec());
    made_.emplace(stdin_input(), config, ecs, std::move(codecs));
    ASSERT_TRUE(made_->made) << made_->messages();
    emitter_.emplace(*made_->made);
  }
  Result<void> run() {
    const Redirect redirect(STDIN_FILENO, pipe_.take_reader());
    return made_->made->run(*emitter_);
  }
  /// Runs over a stream that holds `bytes` and ends.
  Texts read(std::string_view bytes) {
    EXPECT_TRUE(pipe_.write(bytes));
    pipe_.close_writer();
    EXPECT_TRUE(run());
    return emitter_->messages;
  }

  Pipe pipe_;
  std::optional<MadeInput> made_;
  std::optional<FakeEmitter> emitter_;
};

TEST_F(StdinInputTest, MakesAnEventOfEachLine) {
  use("stdin { }");
  EXPECT_EQ(read("one\n\ntwo\n"), (Texts{"one", "", "two"}));
  EXPECT_EQ(emitter_->events[0], R"({"message":"one","host":"here"})");
}

TEST_F(StdinInputTest, NamesTheHostAsEcsDoes) {
  use("stdin { }", EcsMode::v8);
  read("one\n");
  EXPECT_NE(emitter_->events[0].find(R"("host":{"hostname":"here"})"), std::string::npos)
      << emitter_->events[0];
}

TEST_F(StdinInputTest, ALastLineWithoutNewlineIsAnEvent) {
  use("stdin { }");
  EXPECT_EQ(read("one\ntw"), (Texts{"one", "tw"}));
}

TEST_F(StdinInputTest, AnEmptyStreamGivesNothing) {
  use("stdin { }");
  EXPECT_EQ(read(""), Texts{});
}

TEST_F(StdinInputTest, ManyLinesMakeBatchesOfTheSizeThatIsAskedFor) {
  use("stdin { }");
  emitter_->most = 2;
  EXPECT_EQ(read("1\n2\n3\n4\n5\n"), (Texts{"1", "2", "3", "4", "5"}));
  EXPECT_EQ(emitter_->positions.size(), 3u);
}

TEST_F(StdinInputTest, TheEndOfTheStreamLetsGoWhatTheCodecHolds) {
  use(R"(stdin { codec => multiline { pattern => "^ " what => previous } })");
  EXPECT_EQ(read("one\n more\ntwo\n"), (Texts{"one\n more", "two"}));
}

TEST_F(StdinInputTest, SilenceLetsGoWhatTheCodecHoldsWhereItIsToldSo) {
  use(R"(stdin { codec => multiline { pattern => "^ " what => previous auto_flush_interval => 1 } })");
  ASSERT_TRUE(pipe_.write("one\n more\n"));
  emitter_->on_batch = [this] { emitter_->request_stop(); };  // the stream stays open
  EXPECT_TRUE(run());
  EXPECT_EQ(emitter_->messages, Texts{"one\n more"});
}

TEST_F(StdinInputTest, AStopEndsAWaitForBytes) {
  use("stdin { }");
  ASSERT_TRUE(pipe_.write("one\n"));
  emitter_->on_batch = [this] { emitter_->request_stop(); };
  EXPECT_TRUE(run());
  EXPECT_EQ(emitter_->messages, Texts{"one"});
}

TEST_F(StdinInputTest, StopsReadingWhereThePipelineTakesNoMore) {
  use("stdin { }");
  emitter_->takes = 1;
  emitter_->most = 1;
  EXPECT_EQ(read("1\n2\n3\n"), Texts{"1"});
}

TEST_F(StdinInputTest, AStreamThatCannotBeReadIsAnError) {
  use("stdin { }");
  const Redirect redirect(STDIN_FILENO, open("/", O_RDONLY | O_CLOEXEC));
  auto ended = made_->made->run(*emitter_);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "cannot read: Is a directory");
}

}  // namespace
}  // namespace millrace
