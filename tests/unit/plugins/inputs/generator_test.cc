#include "plugins/inputs/generator.h"

#include <gtest/gtest.h>

#include "plugins/codecs/plain.h"
#include "tests/unit/support/fake_emitter.h"
#include "tests/unit/support/redirect.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

Registry codecs() {
  Registry registry;
  registry.add(plain_codec());
  return registry;
}

TEST(GeneratorInput, MakesEachLineCountTimesInTurn) {
  MadeInput input(generator_input(), R"(generator { lines => ["a", "b"] count => 2 })",
                  EcsMode::disabled, codecs());
  ASSERT_TRUE(input.made) << input.messages();
  FakeEmitter emitter(*input.made);
  emitter.most = 3;  // a batch may end within a round
  ASSERT_TRUE(input.made->run(emitter));
  EXPECT_EQ(emitter.events, (Texts{R"({"message":"a","sequence":0,"host":"here"})",
                                   R"({"message":"b","sequence":0,"host":"here"})",
                                   R"({"message":"a","sequence":1,"host":"here"})",
                                   R"({"message":"b","sequence":1,"host":"here"})"}));
}

TEST(GeneratorInput, UsesEcsNames) {
  MadeInput input(generator_input(), "generator { count => 1 }", EcsMode::v8, codecs());
  FakeEmitter emitter(*input.made);
  ASSERT_TRUE(input.made->run(emitter));
  const std::string expected =
      R"({"message":"Hello world!","event":{"original":"Hello world!","sequence":0},)"
      R"("host":{"name":"here"}})";
  EXPECT_EQ(emitter.events, Texts{expected});
}

TEST(GeneratorInput, GoesOnUntilItIsStoppedWithoutCount) {
  MadeInput input(generator_input(), "generator { }", EcsMode::disabled, codecs());
  FakeEmitter emitter(*input.made);
  emitter.on_batch = [&] {
    if (emitter.messages.size() >= 1000) emitter.request_stop();
  };
  ASSERT_TRUE(input.made->run(emitter));
  EXPECT_EQ(emitter.messages.size(), 1000u);
}

TEST(GeneratorInput, RepeatsALineOfStandardInput) {
  for (const std::string text : {"one\ntwo\n", "one"}) {
    MadeInput input(generator_input(), "generator { message => stdin count => 2 }",
                    EcsMode::disabled, codecs());
    FakeEmitter emitter(*input.made);
    Pipe pipe;
    ASSERT_TRUE(pipe.write(text));
    pipe.close_writer();
    const Redirect redirect(STDIN_FILENO, pipe.take_reader());
    ASSERT_TRUE(input.made->run(emitter));
    EXPECT_EQ(emitter.messages, (Texts{"one", "one"}));
  }
}

TEST(GeneratorInput, AStopEndsItsWaitForALine) {
  MadeInput input(generator_input(), "generator { message => stdin }", EcsMode::disabled, codecs());
  FakeEmitter emitter(*input.made);
  Pipe pipe;  // nothing comes, and it does not end
  const Redirect redirect(STDIN_FILENO, pipe.take_reader());
  emitter.request_stop();
  ASSERT_TRUE(input.made->run(emitter));
  EXPECT_EQ(emitter.messages, Texts{});
}

TEST(GeneratorInput, RefusesNoLines) {
  MadeInput input(generator_input(), "generator { lines => [] }", EcsMode::disabled, codecs());
  EXPECT_FALSE(input.made);
  EXPECT_NE(input.messages().find("lines"), std::string::npos) << input.messages();
}

}  // namespace
}  // namespace millrace
