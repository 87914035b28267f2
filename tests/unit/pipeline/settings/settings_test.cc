#include "pipeline/settings/settings.h"

#include <gtest/gtest.h>

#include <fstream>

namespace millrace::settings {
namespace {

class ReadSettings : public testing::Test {
 protected:
  ReadSettings() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "millrace-settings-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~ReadSettings() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
  }

  Settings read(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--path.settings", directory_.string()});
    return settings::read(arguments, [](std::string_view name) -> std::optional<config::Variable> {
      if (name == "WORKERS") return config::Variable{"7", false};
      return std::nullopt;
    });
  }

  static std::string messages(const Settings& settings) {
    return settings.diagnostics.render(settings.sources, false);
  }

  std::filesystem::path directory_;
};

TEST_F(ReadSettings, HaveDefaults) {
  const Settings settings = read({});
  EXPECT_EQ(messages(settings), "");
  EXPECT_TRUE(settings.pipelines.empty());
  EXPECT_EQ(settings.process.log_level, log::Level::info);
  EXPECT_FALSE(settings.process.node_name.empty());
}

TEST_F(ReadSettings, TakeFlagsInEveryForm) {
  const Settings settings = read({"run",         "-e",
                                  "input { }",   "-w",
                                  "4",           "--pipeline.batch.size=10",
                                  "-u",          "20",
                                  "--log.level", "warn",
                                  "-t",          "--api.enabled",
                                  "false",       "--config.support_escapes",
                                  "true",        "--pipeline.ecs_compatibility",
                                  "disabled",    "--pipeline.ordered",
                                  "false",       "--config.field_reference.escape_style",
                                  "percent",     "--version",
                                  "--",          "-x"});
  EXPECT_EQ(messages(settings), "");
  ASSERT_EQ(settings.pipelines.size(), 1U);
  const Pipeline& pipeline = settings.pipelines[0];
  EXPECT_EQ(pipeline.config_string, "input { }");
  EXPECT_EQ(pipeline.workers, 4U);
  EXPECT_EQ(pipeline.batch_size, 10U);
  EXPECT_EQ(pipeline.batch_delay, std::chrono::milliseconds(20));
  EXPECT_TRUE(pipeline.support_escapes);
  EXPECT_EQ(pipeline.ecs, EcsMode::disabled);
  EXPECT_EQ(pipeline.ordered, Ordered::no);
  EXPECT_EQ(settings.process.escape_style, EscapeStyle::percent);
  EXPECT_EQ(settings.process.log_level, log::Level::warn);
  EXPECT_TRUE(settings.process.test_and_exit);
  EXPECT_EQ(settings.rest, (std::vector<std::string>{"run", "--version", "-x"}));
}

TEST_F(ReadSettings, ReadNestedAndDottedNamesAndVariables) {
  write("logstash.yml",
        "pipeline:\n  workers: ${WORKERS}\n  batch:\n    size: 5\nnode.name: old\nlog.level:\n");
  write("millrace.yml", "node.name: \"new\"\npath.config: /etc/x.conf\n");
  const Settings settings = read({});
  EXPECT_EQ(messages(settings), "");
  EXPECT_EQ(settings.process.node_name, "new");
  ASSERT_EQ(settings.pipelines.size(), 1U);
  EXPECT_EQ(settings.pipelines[0].workers, 7U);
  EXPECT_EQ(settings.pipelines[0].batch_size, 5U);
}

TEST_F(ReadSettings, LetFlagsWinOverPipelinesAndThoseOverTheSettingsFile) {
  write("millrace.yml", "pipeline.workers: 2\npipeline.batch.size: 20\npipeline.batch.delay: 7\n");
  write(
      "pipelines.yml",
      "- pipeline.id: a\n  path.config: a.conf\n  pipeline.workers: 3\n  pipeline.batch.size: 30\n"
      "- pipeline.id: b\n  config.string: 'input { x { a => \"${LATER}\" } }'\n");
  const Settings settings = read({"-w", "4"});
  EXPECT_EQ(messages(settings), "");
  ASSERT_EQ(settings.pipelines.size(), 2U);
  EXPECT_EQ(settings.pipelines[0].id, "a");
  EXPECT_EQ(settings.pipelines[0].workers, 4U);
  EXPECT_EQ(settings.pipelines[0].batch_size, 30U);
  EXPECT_EQ(settings.pipelines[1].batch_size, 20U);
  EXPECT_EQ(settings.pipelines[1].batch_delay, std::chrono::milliseconds(7));
  EXPECT_EQ(settings.pipelines[1].config_string, "input { x { a => \"${LATER}\" } }");
}

TEST_F(ReadSettings, RunWhatAFlagSaysInsteadOfPipelinesYml) {
  write("pipelines.yml", "- pipeline.id: a\n  path.config: a.conf\n");
  const Settings settings = read({"-f", "b.conf"});
  ASSERT_EQ(settings.pipelines.size(), 1U);
  EXPECT_EQ(settings.pipelines[0].config_path, "b.conf");
}

TEST_F(ReadSettings, WarnOnceOfSettingsForTheJvmAndTheBundle) {
  write("logstash.yml",
        "xpack.monitoring.enabled: true\nxpack:\n  management:\n    enabled: "
        "false\npipeline.java_execution: true\n");
  const Settings settings = read({});
  EXPECT_FALSE(settings.diagnostics.has_errors());
  EXPECT_EQ(settings.diagnostics.warning_count(), 1U);
  EXPECT_NE(messages(settings).find(
                "xpack.monitoring.enabled, xpack.management.enabled, pipeline.java_execution"),
            std::string::npos);
}

struct ErrorCase {
  const char* file;
  const char* text;
  std::vector<std::string> flags;
  const char* message;
};

TEST_F(ReadSettings, RefuseWhatIsWrong) {
  const ErrorCase kCases[] = {
      {"millrace.yml",
       "pipeline.worker: 3\n",
       {},
       "millrace.yml:1:1: error: unknown setting `pipeline.worker`"},
      {"millrace.yml", "pipeline.worker: 3\n", {}, "did you mean `pipeline.workers`?"},
      {"millrace.yml",
       "pipeline:\n  id: a\npipeline.id: b\n",
       {},
       "millrace.yml:3:1: error: setting `pipeline.id` is given twice"},
      {"millrace.yml", "log.level: loud\n", {}, "log.level: expected one of trace, debug"},
      {"millrace.yml", "queue.type: persisted\n", {"-e", ""}, "this build has the memory queue"},
      {"millrace.yml", "a: [\n", {}, "not valid YAML"},
      {"millrace.yml", "- x\n", {}, "expected settings as name: value"},
      {"millrace.yml", "node.name: ${NONE}\n", {}, "variable `NONE` is not set"},
      {"pipelines.yml", "- pipeline.id: a\n", {}, "a pipeline needs path.config or config.string"},
      {"pipelines.yml",
       "- path.config: a\n- path.config: b\n",
       {},
       "two pipelines have the id `main`"},
      {"pipelines.yml",
       "- path.config: a\n  log.level: info\n",
       {},
       "`log.level` is one of the whole process"},
      {"pipelines.yml", "pipeline.id: a\n", {}, "expected a list of pipelines"},
      {"x", "", {"--pipline.workers", "3"}, "did you mean `--pipeline.workers`?"},
      {"x", "", {"-w"}, "flag -w needs a value"},
      {"x", "", {"-e", "x", "-w", "0"}, "pipeline.workers: expected at least 1, got \"0\""},
      {"x", "", {"-e", "x", "-f", "y"}, "both config.string and path.config are set"},
      {"x", "", {"-r"}, "option `config.reload.automatic` is not supported"},
      {"x", "", {"--path.settings", "/no/such"}, "`/no/such` is not a directory"},
  };
  for (const ErrorCase& c : kCases) {
    write(c.file, c.text);
    const Settings settings = read(c.flags);
    EXPECT_TRUE(settings.diagnostics.has_errors()) << c.message;
    EXPECT_NE(messages(settings).find(c.message), std::string::npos) << c.message << "\n"
                                                                     << messages(settings);
    std::filesystem::remove(directory_ / c.file);
  }
}

TEST_F(ReadSettings, SayWhatBecomesOfDeadLetters) {
  write("logstash.yml",
        "dead_letter_queue:\n  enable: true\n  max_bytes: 2gb\n  storage_policy: drop_older\n"
        "  retain.age: 2d\n  flush_interval: 6000\n");
  const Settings settings = read({"-e", "x", "--path.dead_letter_queue", "/var/dlq"});
  EXPECT_EQ(messages(settings), "");
  const Pipeline& pipeline = settings.pipelines.front();
  EXPECT_TRUE(pipeline.dead_letters);
  EXPECT_EQ(pipeline.dead_letter_bytes.count, std::uint64_t{2} << 30);
  EXPECT_EQ(pipeline.full_dead_letters, FullQueue::drop_older);
  EXPECT_EQ(pipeline.dead_letter_age, std::chrono::hours(48));
  EXPECT_EQ(pipeline.dead_letter_flush, std::chrono::seconds(6));
  EXPECT_EQ(dead_letter_path(settings.process, pipeline), "/var/dlq");
  EXPECT_EQ(dead_letter_path({.data_directory = "/data"}, {}), "/data/dead_letter_queue");
}

TEST_F(ReadSettings, AnIdWithDeadLettersMustNameADirectory) {
  for (const std::string id : {"..", "a/b"}) {
    const Settings settings =
        read({"-e", "x", "--dead_letter_queue.enable", "true", "--pipeline.id", id});
    EXPECT_NE(messages(settings).find("cannot name a dead-letter queue"), std::string::npos) << id;
  }
}

TEST_F(ReadSettings, KeepNoDeadLettersUnlessAsked) {
  const Settings settings = read({"-e", "x"});
  EXPECT_FALSE(settings.pipelines.front().dead_letters);
  EXPECT_EQ(settings.pipelines.front().full_dead_letters, FullQueue::block);
}

TEST_F(ReadSettings, SayOnceWhatTheSettingsFileGotWrongForEveryPipeline) {
  write("millrace.yml", "pipeline.workers: many\n");
  write("pipelines.yml",
        "- { pipeline.id: a, path.config: a }\n- { pipeline.id: b, path.config: b }\n");
  EXPECT_EQ(read({}).diagnostics.error_count(), 1U);
}

TEST(SettingsTables, DocumentEverySetting) {
  const auto process = process_settings();
  const auto pipeline = pipeline_settings();
  for (const OptionTable* table : std::initializer_list<const OptionTable*>{&process, &pipeline}) {
    for (const OptionInfo& info : table->list())
      EXPECT_FALSE(info.help.empty() && info.refused.empty()) << info.name;
  }
}

}  // namespace
}  // namespace millrace::settings
