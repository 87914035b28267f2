#include "plugins/inputs/dead_letter_queue/input.h"

#include <gtest/gtest.h>

#include "pipeline/queue/dead_letter_marks.h"
#include "plugins/codecs/plain.h"
#include "tests/unit/pipeline/queue/letters.h"
#include "tests/unit/support/fake_emitter.h"
#include "tests/unit/support/temp_directory.h"

namespace millrace {
namespace {

using Messages = std::vector<std::string>;

class DeadLetterQueueInput : public testing::Test {
 protected:
  DeadLetterSettings settings() const {
    return {
        .directory = directory(), .max_bytes = 64 << 10, .flush_interval = std::chrono::hours(1)};
  }
  std::filesystem::path directory() const { return top_.path("dlq/main"); }
  void refuse(const Messages& messages) {
    DeadLetterStore store(settings());
    ASSERT_TRUE(store.open());
    ASSERT_EQ(put(store, messages), messages.size());
  }

  MadeInput make(const std::string& options = "") const {
    Registry codecs;
    codecs.add(plain_codec());
    return MadeInput(dead_letter_queue_input(),
                     "dead_letter_queue { path => '" + top_.path("dlq") + "' sincedb_path => '" +
                         top_.path("sincedb") + "' " + options + " }",
                     EcsMode::v8, codecs);
  }

  /// What a run emits until it has emitted `count` events.
  Messages read(std::size_t count, const std::string& options = "",
                bool acknowledges = true) const {
    auto input = make(options);
    EXPECT_TRUE(input.made) << input.messages();
    FakeEmitter emitter(*input.made);
    emitter.acknowledges = acknowledges;
    emitter.on_batch = [&] {
      if (emitter.messages.size() >= count) emitter.request_stop();
    };
    EXPECT_TRUE(input.made->run(emitter));
    input.made->close();
    return emitter.messages;
  }

  TempDirectory top_;
};

TEST_F(DeadLetterQueueInput, EmitsLettersInOrderAndSaysWhoRefusedThemWhenAndWhy) {
  refuse({"a", "b"});
  auto input = make();
  FakeEmitter emitter(*input.made);
  emitter.on_batch = [&] { emitter.request_stop(); };
  ASSERT_TRUE(input.made->run(emitter));
  EXPECT_EQ(emitter.messages, (Messages{"a", "b"}));
  const std::string& event = emitter.events.front();
  EXPECT_NE(
      event.find(R"("@metadata":{"dead_letter_queue":{"plugin_type":"test","plugin_id":"out",)"
                 R"("reason":"no such field","code":"mapping","entry_time":"20)"),
      std::string::npos)
      << event;
}

TEST_F(DeadLetterQueueInput, GoesOnBehindWhatWasDelivered) {
  refuse({"a", "b"});
  EXPECT_EQ(read(2), (Messages{"a", "b"}));
  refuse({"c"});
  EXPECT_EQ(read(1), Messages{"c"});
}

TEST_F(DeadLetterQueueInput, WhatIsNotAcknowledgedComesAgain) {
  refuse({"a", "b"});
  EXPECT_EQ(read(2, "", false), (Messages{"a", "b"}));
  EXPECT_EQ(read(2), (Messages{"a", "b"}));
}

TEST_F(DeadLetterQueueInput, WithoutCommitOffsetsEveryRunBeginsAtTheStart) {
  refuse({"a"});
  EXPECT_EQ(read(1, "commit_offsets => false"), Messages{"a"});
  EXPECT_EQ(read(1, "commit_offsets => false"), Messages{"a"});
  EXPECT_FALSE(top_.has("sincedb"));
}

TEST_F(DeadLetterQueueInput, FollowsAQueueThatIsBeingWritten) {
  DeadLetterStore store(settings());
  ASSERT_TRUE(store.open());
  put(store, {"a"});
  auto input = make();
  FakeEmitter emitter(*input.made);
  emitter.on_batch = [&] {
    if (emitter.messages.size() == 1) put(store, {"b"});
    if (emitter.messages.size() == 2) emitter.request_stop();
  };
  ASSERT_TRUE(input.made->run(emitter));
  EXPECT_EQ(emitter.messages, (Messages{"a", "b"}));
}

TEST_F(DeadLetterQueueInput, BeginsAtTheStartTimestamp) {
  refuse({"a"});
  const Timestamp between = Timestamp::now();
  refuse({"b"});
  std::string time;
  append_iso8601(between, time);
  refuse({"c"});
  EXPECT_EQ(read(2, "clean_consumed => true start_timestamp => '" + time + "'"),
            (Messages{"b", "c"}));
  // What was passed over was not delivered.
  EXPECT_EQ(dlq::list_segments(directory())->front().number, 1u);
}

TEST_F(DeadLetterQueueInput, CleanConsumedRemovesSegmentsThatAreDeliveredAndNoOthers) {
  refuse({"a"});
  refuse({"b"});
  EXPECT_EQ(read(2, "clean_consumed => true", false), (Messages{"a", "b"}));
  EXPECT_EQ(dlq::list_segments(directory())->size(), 2u);
  // The last segment could still grow for all the input knows; what lies before it goes.
  DeadLetterStore store(settings());
  ASSERT_TRUE(store.open());
  put(store, {"c"});
  EXPECT_EQ(read(3, "clean_consumed => true"), (Messages{"a", "b", "c"}));
  ASSERT_EQ(dlq::list_segments(directory())->size(), 1u);
  EXPECT_FALSE(dlq::list_segments(directory())->front().sealed);
}

TEST_F(DeadLetterQueueInput, PassesOverWhatWasReplayedOrPurged) {
  refuse({"a", "b"});
  const dlq::Mark mark[] = {{8, dlq::MarkKind::replayed}};
  ASSERT_TRUE(dlq::append_marks(directory(), 1, mark, Timestamp{0}));
  EXPECT_EQ(read(1), Messages{"b"});
}

TEST_F(DeadLetterQueueInput, ADamagedLetterCostsItselfAndItsSegmentIsKept) {
  refuse({"a", "b"});
  const auto segment = dlq::list_segments(directory())->front();
  std::string bytes = top_.read("dlq/main/0000000001.dlq");
  bytes[30] ^= 1;
  top_.write("dlq/main/0000000001.dlq", bytes);
  refuse({"c"});
  EXPECT_EQ(read(2, "clean_consumed => true"), (Messages{"b", "c"}));
  EXPECT_TRUE(std::filesystem::exists(segment.path));
}

TEST_F(DeadLetterQueueInput, AQueueThatWasBegunAnewIsReadFromItsStart) {
  refuse({"a"});
  refuse({"b"});
  refuse({"c"});
  EXPECT_EQ(read(3).size(), 3u);
  std::filesystem::remove_all(directory());
  refuse({"new"});
  EXPECT_EQ(read(1), Messages{"new"});
}

TEST_F(DeadLetterQueueInput, RefusesOptionsThatMakeNoSense) {
  for (const auto& [options, message] : std::vector<std::pair<std::string, std::string>>{
           {"start_timestamp => 'noon'", "`noon` is not a time"},
           {"clean_consumed => true commit_offsets => false", "none is kept"},
           {"pipeline_id => '../x'", "`../x` is not the id of a pipeline"}}) {
    auto input = make(options);
    EXPECT_FALSE(input.made) << options;
    EXPECT_NE(input.messages().find(message), std::string::npos) << input.messages();
  }
}

}  // namespace
}  // namespace millrace
