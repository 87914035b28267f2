#include "plugins/outputs/stdout.h"

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "plugins/codecs/line.h"
#include "plugins/codecs/rubydebug.h"
#include "tests/unit/support/fake_lane.h"
#include "tests/unit/support/redirect.h"

namespace millrace {
namespace {

class StdoutOutputTest : public testing::Test {
 protected:
  StdoutOutputTest()
      : output_(stdout_output(), "stdout { codec => line { format => '%{m}' } }", EcsMode::disabled,
                codecs()) {
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
  }
  static Registry codecs() {
    Registry all;
    all.add(line_codec());
    all.add(rubydebug_codec());
    return all;
  }
  Result<void> write(const std::vector<std::string>& events) {
    return lane_.write(*output_.made, events);
  }

  MadeOutput output_;
  FakeLane lane_;
  Pipe pipe_;
};

TEST_F(StdoutOutputTest, PrintsEventsInOrder) {
  ASSERT_TRUE(output_.made) << output_.messages();
  {
    const Redirect redirect(STDOUT_FILENO, pipe_.take_writer());
    ASSERT_TRUE(write({R"({"m":"a"})", R"({"m":"b"})"}));
    ASSERT_TRUE(write({R"({"m":"c"})"}));
  }
  EXPECT_EQ(pipe_.read_all(), "a\nb\nc\n");
  EXPECT_EQ(lane_.delivered(), 3u);
  EXPECT_EQ(lane_.position(), 2u);
}

TEST_F(StdoutOutputTest, PrintsForPeopleUnlessItIsToldACodec) {
  MadeOutput output(stdout_output(), "stdout { }", EcsMode::disabled, codecs());
  {
    const Redirect redirect(STDOUT_FILENO, pipe_.take_writer());
    ASSERT_TRUE(lane_.write(*output.made, {R"({"m":"a"})"}));
  }
  EXPECT_NE(pipe_.read_all().find(R"("m" => "a")"), std::string::npos);
}

TEST_F(StdoutOutputTest, IsGoneWithItsReaderAndConfirmsNothingMore) {
  pipe_.close_reader();
  const Redirect redirect(STDOUT_FILENO, pipe_.take_writer());
  const auto written = write({R"({"m":"a"})"});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::closed);
  EXPECT_EQ(lane_.delivered(), 0u);
}

TEST_F(StdoutOutputTest, WaitsForRoomInAPipeThatDoesNotBlock) {
  const std::string big(300'000, 'x');  // more than a pipe holds
  const int writer = pipe_.take_writer();
  ASSERT_EQ(fcntl(writer, F_SETFL, O_NONBLOCK), 0);
  std::string read;
  std::thread reader([&] { read = pipe_.read_all(); });
  {
    const Redirect redirect(STDOUT_FILENO, writer);
    EXPECT_TRUE(write({R"({"m":")" + big + "\"}"}));
  }
  reader.join();
  EXPECT_EQ(read, big + "\n");
  EXPECT_EQ(lane_.delivered(), 1u);
}

TEST_F(StdoutOutputTest, GivingUpEndsAWaitForRoom) {
  const int writer = pipe_.take_writer();
  ASSERT_EQ(fcntl(writer, F_SETFL, O_NONBLOCK), 0);
  const Redirect redirect(STDOUT_FILENO, writer);
  lane_.give_up.request();
  EXPECT_TRUE(write({R"({"m":")" + std::string(300'000, 'x') + "\"}"}));
  EXPECT_EQ(lane_.delivered(), 0u);
}

TEST_F(StdoutOutputTest, AFullDiskIsWaitedForAndNotTakenForSuccess) {
  const Redirect redirect(STDOUT_FILENO, open("/dev/full", O_WRONLY | O_CLOEXEC));
  std::thread giving_up([this] { lane_.give_up.request(); });
  EXPECT_TRUE(write({R"({"m":"a"})"}));
  giving_up.join();
  EXPECT_EQ(lane_.delivered(), 0u);
}

}  // namespace
}  // namespace millrace
