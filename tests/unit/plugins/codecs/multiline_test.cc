#include "plugins/codecs/multiline.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

struct JoinCase {
  std::string options;
  Texts lines;
  Texts events;
};

TEST(MultilineCodec, JoinsLines) {
  const std::vector<JoinCase> cases = {
      {"pattern => '^\\s' what => previous",
       {"a", " b", "", "c"},
       {R"({"message":"a\n b","tags":["multiline"]})", R"({"message":""})", R"({"message":"c"})"}},
      {"pattern => '\\\\$' what => next multiline_tag => 'joined'",
       {"a\\", "b", "c"},
       {R"({"message":"a\\\nb","tags":["joined"]})", R"({"message":"c"})"}},
      {"pattern => '^%{TIMESTAMP_ISO8601} ' negate => true what => previous multiline_tag => ''",
       {"2024-01-02T03:04:05.678Z a", " b", "2024-01-02 03:04:05,678 c"},
       {R"({"message":"2024-01-02T03:04:05.678Z a\n b"})",
        R"({"message":"2024-01-02 03:04:05,678 c"})"}},
      {"pattern => '^-' what => previous max_lines => 1",
       {"-a", "-b", "-c"},
       {R"({"message":"-a\n-b","tags":["multiline","multiline_codec_max_lines_reached"]})",
        R"({"message":"-c"})"}},
      {"pattern => '^-' what => next max_bytes => 3",
       {"-a", "-b", "-c", "d"},
       {R"({"message":"-a\n-b","tags":["multiline","multiline_codec_max_bytes_reached"]})",
        R"({"message":"-c\nd","tags":["multiline","multiline_codec_max_bytes_reached"]})"}},
      {"pattern => '^ ' what => previous",
       {"a\n b\nc\n", " d"},
       {R"({"message":"a\n b","tags":["multiline"]})",
        R"({"message":"c\n d","tags":["multiline"]})"}},
  };
  for (const JoinCase& c : cases) {
    const MadeCodec codec(multiline_codec(), "multiline { " + c.options + " }");
    ASSERT_NE(codec.made, nullptr) << codec.messages();
    EXPECT_EQ(decoded(*codec.made->stream_decoder(), c.lines), c.events) << c.options;
    Texts one_by_one;
    const auto decoder = codec.made->stream_decoder();
    const auto batch = Batch::make();
    for (const std::string& line : c.lines) {
      const std::string_view view = batch->arena().copy(line);
      decoder->decode({&view, 1}, *batch);
    }
    decoder->flush(*batch);
    EXPECT_EQ(as_json(*batch), c.events) << c.options;
  }
}

TEST(MultilineCodec, SaysHowManyMessagesItHolds) {
  const MadeCodec codec(multiline_codec(), "multiline { pattern => '^ ' what => previous }");
  const auto decoder = codec.made->stream_decoder();
  const auto batch = Batch::make();
  const auto held_after = [&](std::string_view line) {
    const std::string_view view = batch->arena().copy(line);
    decoder->decode({&view, 1}, *batch);
    return decoder->held_messages();
  };
  EXPECT_EQ(decoder->held_messages(), 0u);
  EXPECT_EQ(held_after("a"), 1u);
  EXPECT_EQ(held_after(" b"), 2u);
  EXPECT_EQ(held_after("c"), 1u);
  EXPECT_EQ(held_after(" d\ne"), 1u);
  decoder->flush(*batch);
  EXPECT_EQ(decoder->held_messages(), 0u);
}

TEST(MultilineCodec, KeepsTheOriginalInEcsModes) {
  const MadeCodec codec(multiline_codec(), "multiline { pattern => '^ ' what => previous }",
                        EcsMode::v8);
  EXPECT_EQ(decoded(*codec.made->stream_decoder(), {"a", " b"}),
            Texts{R"({"message":"a\n b","event":{"original":"a\n b"},"tags":["multiline"]})"});
}

TEST(MultilineCodec, ReadsPatternsOfTheUser) {
  const std::string path = testing::TempDir() + "millrace_multiline_patterns";
  std::ofstream(path) << "# mine\nSTART >%{WORD}<\nLOOP %{LOOP}\n";
  const auto make = [&](const std::string& pattern) {
    return MadeCodec(multiline_codec(), "multiline { patterns_dir => '" + path + "' pattern => '" +
                                            pattern + "' negate => true what => previous }");
  };
  const MadeCodec codec = make("^%{START:x}");
  ASSERT_NE(codec.made, nullptr) << codec.messages();
  EXPECT_EQ(decoded(*codec.made->stream_decoder(), {">a<", "b", ">c<"}).size(), 2u);
  EXPECT_NE(make("%{LOOP}").messages().find("is built of itself"), std::string::npos);
  EXPECT_NE(make("%{NONE}").messages().find("there is no pattern `NONE`"), std::string::npos);
  std::filesystem::remove(path);
  EXPECT_NE(make("%{START}").messages().find("cannot read"), std::string::npos);
}

TEST(MultilineCodec, RefusesWhatMakesNoSense) {
  for (const char* text : {"what => previous", "pattern => 'a'", "pattern => '(' what => next",
                           "pattern => 'a' what => both"}) {
    const MadeCodec codec(multiline_codec(), "multiline { " + std::string(text) + " }");
    EXPECT_EQ(codec.made, nullptr) << text;
    EXPECT_TRUE(codec.reading.diagnostics.has_errors()) << text;
  }
}

}  // namespace
}  // namespace millrace
