#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "pipeline/cli/dlq_command.h"
#include "pipeline/cli/dlq_replay.h"
#include "pipeline/queue/dead_letter_store.h"
#include "plugins/builtin.h"
#include "plugins/effects.h"
#include "tests/unit/pipeline/queue/letters.h"
#include "tests/unit/support/temp_directory.h"

namespace millrace::cli {
namespace {

constexpr Timestamp kNow{1'800'000'000'000'000'000};

Result<DlqOptions> options_of(std::vector<std::string> arguments) {
  return take_dlq_options(arguments, kNow);
}

TEST(DlqOptions, TakeTheirOwnAndLeaveSettings) {
  std::vector<std::string> arguments{"dlq",
                                     "show",
                                     "--reason=mapping",
                                     "--path.data",
                                     "/d",
                                     "--until",
                                     "2026-03-01T00:00:00Z",
                                     "--id",
                                     "3:8",
                                     "--done",
                                     "--limit",
                                     "5",
                                     "--component",
                                     "es1"};
  const auto options = take_dlq_options(arguments, kNow);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(arguments, (std::vector<std::string>{"dlq", "show", "--path.data", "/d"}));
  EXPECT_EQ(options->filter.reason, "mapping");
  EXPECT_EQ(options->filter.component, "es1");
  EXPECT_EQ(options->filter.until->ns, 1'772'323'200'000'000'000);
  EXPECT_EQ(options->filter.id, (dlq::LetterId{3, 8}));
  EXPECT_TRUE(options->filter.done_too);
  EXPECT_EQ(options->limit, 5u);
}

TEST(DlqOptions, ADurationIsHowLongAgo) {
  EXPECT_EQ(options_of({"--since", "2h"})->filter.since->ns, kNow.ns - 7'200'000'000'000);
}

TEST(DlqOptions, SayWhatIsWrong) {
  for (const auto& [arguments, message] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--since", "yesterday"}, "--since: `yesterday` is not a time"},
           {{"--since", "30"}, "--since: `30` is not a time"},
           {{"--id", "3"}, "--id: `3` is not the id of a letter"},
           {{"--limit", "x"}, "--limit: `x` is not a whole number"},
           {{"--reason"}, "flag --reason needs a value"}}) {
    const auto options = options_of(arguments);
    ASSERT_FALSE(options) << message;
    EXPECT_NE(options.error().message.find(message), std::string::npos) << options.error().message;
  }
}

/// Queues on disk, and the commands on them.
class Dlq : public testing::Test {
 protected:
  std::filesystem::path base() const { return top_.path("dlq"); }

  /// Letters that output `id` refused with this code.
  void refuse(const std::string& pipeline, const std::string& id, const std::string& code,
              const std::vector<std::string>& messages) {
    DeadLetterStore store({.directory = base() / pipeline});
    ASSERT_TRUE(store.open());
    const auto batch = events_of(messages);
    for (std::uint32_t at = 0; at < batch->size(); ++at)
      ASSERT_EQ(store.write(*batch, at,
                            {.code = code,
                             .message = "why \x1b[31m",
                             .plugin_type = "file",
                             .plugin_id = id,
                             .details = R"({"status":400})",
                             .original = "\xff\xfe"}),
                DeadLetterOutcome::kept);
  }

  using Command = int (*)(const DlqOptions&, const std::filesystem::path&, std::ostream&);
  std::string run(Command command, const std::vector<std::string>& arguments, int want = kSuccess) {
    std::ostringstream out;
    EXPECT_EQ(command(options_of(arguments).value(), base(), out), want);
    return out.str();
  }
  std::size_t shown(const std::vector<std::string>& arguments = {}) {
    const std::string lines = run(dlq_show, arguments);
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
  }

  /// Replays with outputs a and b, which write messages to files of these names.
  int replay(const std::vector<std::string>& arguments, std::string* said = nullptr) {
    PipelineJob job;
    job.info.id = "main";
    job.effects = effects_of;
    for (const std::string id : {"a", "b"})
      job.config_string += "output { file { id => '" + id + "' path => \"" + top_.path(id) +
                           "\" codec => line { format => \"%{message}\" } } }\n";
    std::ostringstream out;
    const int status =
        dlq_replay(options_of(arguments).value(), base(), {job}, builtin_plugins(), out);
    if (said) *said = out.str();
    return status;
  }

  TempDirectory top_;
};

TEST_F(Dlq, LsCountsWhatIsInEachQueue) {
  refuse("main", "a", "mapping", {"1", "2"});
  refuse("web", "a", "mapping", {"3"});
  const std::string said = run(dlq_ls, {});
  EXPECT_NE(said.find("main: 2 letters, 0 done with, "), std::string::npos) << said;
  EXPECT_NE(said.find("web: 1 letters"), std::string::npos) << said;
  EXPECT_EQ(run(dlq_ls, {"--pipeline", "web"}).find("main"), std::string::npos);
  run(dlq_ls, {"--pipeline", "wob"}, kBadConfig);
}

TEST_F(Dlq, ShowPrintsLettersAsJsonThatHarmsNoTerminal) {
  refuse("main", "a", "mapping", {"hello"});
  const std::string line = run(dlq_show, {});
  for (const std::string part :
       {R"({"id":"1:8","pipeline":"main","time":")", R"("plugin_type":"file","plugin_id":"a")",
        R"("code":"mapping","message":"why \u001b[31m","details":{"status":400},"event":{)",
        R"("message":"hello"},"original_base64":"//4="})"})
    EXPECT_NE(line.find(part), std::string::npos) << part << "\n" << line;
}

TEST_F(Dlq, FiltersChooseLetters) {
  refuse("main", "a", "mapping", {"1", "2"});
  refuse("main", "b", "too_large", {"3"});
  EXPECT_EQ(shown(), 3u);
  EXPECT_EQ(shown({"--reason", "too_large"}), 1u);
  EXPECT_EQ(shown({"--component", "a"}), 2u);
  EXPECT_EQ(shown({"--component", "file"}), 3u);
  EXPECT_EQ(shown({"--id", "1:8"}), 1u);
  EXPECT_EQ(shown({"--limit", "2"}), 2u);
  EXPECT_EQ(shown({"--until", "2001-01-01"}), 0u);
  EXPECT_EQ(shown({"--since", "2001-01-01"}), 3u);
}

TEST_F(Dlq, TopPutsTheMostFrequentReasonFirst) {
  refuse("main", "a", "rare", {"1"});
  refuse("main", "a", "mapping", {"1", "2", "3"});
  const std::string said = run(dlq_top, {});
  EXPECT_LT(said.find("mapping"), said.find("rare"));
  EXPECT_NE(said.find("       3  main \"a\" \"mapping\", last "), std::string::npos) << said;
}

TEST_F(Dlq, PurgeRemovesWhatItIsToldAndNothingElse) {
  refuse("main", "a", "mapping", {"1", "2"});
  refuse("main", "a", "too_large", {"3"});
  run(dlq_purge, {}, kBadConfig);
  EXPECT_EQ(run(dlq_purge, {"--reason", "mapping", "--dry-run"}),
            "would remove 2 letters of main\n");
  EXPECT_EQ(shown(), 3u);
  run(dlq_purge, {"--reason", "mapping"});
  EXPECT_EQ(shown(), 1u);
  EXPECT_FALSE(std::filesystem::exists(dlq::sealed_path(base() / "main", 1)));
  EXPECT_NE(run(dlq_purge, {"--all"}).find("removed 1 letters of main"), std::string::npos);
  EXPECT_TRUE(dlq::list_queues(base()).empty());
}

TEST_F(Dlq, PurgeOfALiveQueueLeavesItsWriterAlone) {
  DeadLetterStore store({.directory = base() / "main"});
  ASSERT_TRUE(store.open());
  put(store, {"1", "2"});
  run(dlq_purge, {"--all"});
  EXPECT_EQ(shown(), 0u);
  put(store, {"3"});
  EXPECT_EQ(shown(), 1u);
  EXPECT_EQ(shown({"--done"}), 3u);
}

TEST_F(Dlq, ReplaySendsEachLetterOnceToTheOutputThatRefusedIt) {
  refuse("main", "a", "mapping", {"1", "2"});
  refuse("main", "b", "mapping", {"3"});
  std::string said;
  EXPECT_EQ(replay({"--dry-run"}, &said), kSuccess);
  EXPECT_EQ(said,
            "would send 2 letters of main to output a\nwould send 1 letters of main to output b\n");
  EXPECT_FALSE(top_.has("a"));
  EXPECT_EQ(replay({}, &said), kSuccess);
  EXPECT_EQ(said, "delivered 3 letters of main\n");
  EXPECT_EQ(top_.read("a"), "1\n2\n");
  EXPECT_EQ(top_.read("b"), "3\n");
  EXPECT_EQ(replay({}, &said), kBadConfig);  // there are none left
  EXPECT_EQ(top_.read("a"), "1\n2\n");
}

TEST_F(Dlq, ReplayOfSomeLeavesTheOthers) {
  refuse("main", "a", "mapping", {"1", "2"});
  refuse("main", "a", "too_large", {"3"});
  EXPECT_EQ(replay({"--reason", "too_large"}), kSuccess);
  EXPECT_EQ(replay({"--limit", "1"}), kSuccess);
  EXPECT_EQ(top_.read("a"), "3\n1\n");
  EXPECT_EQ(shown(), 1u);
}

TEST_F(Dlq, LettersOfAnOutputThatIsNoMoreStayUnlessTheyAreSentToAnother) {
  refuse("main", "gone", "mapping", {"1"});
  std::string said;
  EXPECT_EQ(replay({}, &said), kPipelineDied);
  EXPECT_NE(
      said.find("1 letters are for output `gone`, which this configuration has not; it has a, b"),
      std::string::npos)
      << said;
  EXPECT_EQ(shown(), 1u);
  EXPECT_EQ(replay({"--to", "b"}), kSuccess);
  EXPECT_EQ(top_.read("b"), "1\n");
}

TEST_F(Dlq, OneReplayAtATime) {
  refuse("main", "a", "mapping", {"1"});
  const auto lock = dlq::lock_for_operator(base() / "main");
  ASSERT_TRUE(lock);
  EXPECT_EQ(replay({}), kBadConfig);
  EXPECT_FALSE(top_.has("a"));
}

/// Refuses every other event again.
struct NoOptions {};
class PickyOutput : public Output {
 public:
  explicit PickyOutput(std::shared_ptr<DeadLetters> queue) : queue_(std::move(queue)) {}
  static std::unique_ptr<Output> create(NoOptions, const PluginContext& context) {
    return std::make_unique<PickyOutput>(context.pipeline.dead_letters);
  }
  Result<void> write(Delivery delivery, const StopSignal&) override {
    for (const std::uint32_t at : delivery.events())
      if (at % 2 == 1) queue_->write(delivery.batch(), at, {.code = "again"});
    delivery.settle(Verdict::dead_lettered);
    return {};
  }

 private:
  const std::shared_ptr<DeadLetters> queue_;
};

TEST_F(Dlq, WhatIsRefusedAgainStaysAndIsCounted) {
  refuse("main", "picky", "mapping", {"1", "2", "3"});
  Registry plugins = builtin_plugins();
  plugins.add(output_plugin("picky", "Refuses.", Options<NoOptions>(), PickyOutput::create));
  PipelineJob job;
  job.info.id = "main";
  job.effects = effects_of;
  job.config_string = "output { picky { id => picky } }";
  std::ostringstream out;
  EXPECT_EQ(dlq_replay({}, base(), {job}, plugins, out), kPipelineDied);
  EXPECT_EQ(out.str(),
            "delivered 2 letters of main\n1 letters were refused again and stay: again\n");
  EXPECT_NE(run(dlq_show, {}).find("\"refused_again\":1,"), std::string::npos);
  EXPECT_EQ(shown(), 1u);
}

}  // namespace
}  // namespace millrace::cli
