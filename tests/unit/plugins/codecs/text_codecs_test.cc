#include <gtest/gtest.h>

#include "plugins/codecs/dots.h"
#include "plugins/codecs/line.h"
#include "plugins/codecs/plain.h"
#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

Texts decode(const CodecPlugin& plugin, const std::string& text, const Texts& messages,
             EcsMode ecs = EcsMode::disabled) {
  const MadeCodec codec(plugin, text, ecs);
  if (!codec.made) return {codec.messages()};
  return decoded(*codec.made->message_decoder(), messages);
}

TEST(PlainCodec, MakesOneEventOfEachMessage) {
  EXPECT_EQ(decode(plain_codec(), "plain { }", {"a", "", "b\nc\n"}),
            (Texts{R"({"message":"a"})", R"({"message":""})", R"({"message":"b\nc\n"})"}));
}

TEST(PlainCodec, KeepsTheOriginalInEcsModes) {
  const Texts expected = {R"({"message":"a","event":{"original":"a"}})"};
  EXPECT_EQ(decode(plain_codec(), "plain { }", {"a"}, EcsMode::v1), expected);
  EXPECT_EQ(decode(plain_codec(), "plain { }", {"a"}, EcsMode::v8), expected);
  EXPECT_EQ(decode(plain_codec(), "plain { ecs_compatibility => disabled }", {"a"}, EcsMode::v8),
            Texts{R"({"message":"a"})"});
}

TEST(PlainCodec, ShowsInvalidUtf8AsEscapes) {
  EXPECT_EQ(decode(plain_codec(), "plain { }",
                   {"ok", "foo \xED\xB9\x81\xC3", "\"q\" \xFF\n", "fine \xC3\xBC"}),
            (Texts{R"({"message":"ok"})", R"({"message":"foo \\xED\\xB9\\x81\\xC3"})",
                   R"({"message":"\\\"q\\\" \\xFF\\n"})", "{\"message\":\"fine \xC3\xBC\"}"}));
}

TEST(PlainCodec, ReadsOtherCharsets) {
  struct Case {
    std::string charset, bytes, text;
  };
  const std::vector<Case> cases = {
      {"CP1252", "\x92", "\xE2\x80\x99"},
      {"ISO-8859-1", "M\xFCnchen", "M\xC3\xBCnchen"},
      {"ASCII-8BIT", "\xE0 Mont", "\xEF\xBF\xBD Mont"},
      {"US-ASCII", "a\xCE\xBA", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"UTF-16LE", std::string("a\0\xFC\0x", 5), "a\xC3\xBC\xEF\xBF\xBD"},
      {"Shift_JIS", "\x83\x65", "\xE3\x83\x86"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(decode(plain_codec(), "plain { charset => \"" + c.charset + "\" }", {c.bytes}),
              Texts{"{\"message\":\"" + c.text + "\"}"})
        << c.charset;
}

TEST(PlainCodec, RefusesAnUnknownCharset) {
  const MadeCodec codec(plain_codec(), "plain { charset => \"klingon\" }");
  EXPECT_EQ(codec.made, nullptr);
  EXPECT_NE(codec.messages().find("`klingon` is no charset"), std::string::npos)
      << codec.messages();
}

TEST(LineCodec, CutsMessagesAtItsDelimiter) {
  EXPECT_EQ(decode(line_codec(), "line { delimiter => '||' }", {"a||b|c||", "", "d", "||"}),
            (Texts{R"({"message":"a"})", R"({"message":"b|c"})", R"({"message":"d"})",
                   R"({"message":""})"}));
}

TEST(LineCodec, RefusesAnEmptyDelimiter) {
  EXPECT_EQ(MadeCodec(line_codec(), "line { delimiter => '' }").made, nullptr);
}

struct EncodeCase {
  CodecPlugin plugin;
  std::string codec, event, bytes;
};

TEST(TextCodecs, Encode) {
  const std::string event = R"({"@timestamp":"2015-12-07T11:37:00.000Z","host":"h","message":"m"})";
  const std::vector<EncodeCase> cases = {
      {line_codec(), "line { }", event, "2015-12-07T11:37:00.000Z h m\n"},
      {line_codec(), "line { delimiter => '|' format => '%{message}' }", event, "m|"},
      {plain_codec(), "plain { }", event, "2015-12-07T11:37:00.000Z h m"},
      {plain_codec(), "plain { }", R"({"@timestamp":"2015-12-07T11:37:00.000Z"})",
       "2015-12-07T11:37:00.000Z %{host} %{message}"},
      {plain_codec(), "plain { }",
       R"({"@timestamp":"2015-12-07T11:37:00.000Z","host":{"name":"h","ip":[1,null]},"message":["a",{}]})",
       "2015-12-07T11:37:00.000Z {name=h, ip=[1, null]} [a, {}]"},
      {plain_codec(), "plain { format => '%{[a][b]} ' }", R"({"a":{"b":1}})", "1 "},
      {dots_codec(), "dots { }", event, "."},
  };
  for (const EncodeCase& c : cases) {
    const MadeCodec codec(c.plugin, c.codec);
    ASSERT_NE(codec.made, nullptr) << codec.messages();
    EXPECT_EQ(encoded(*codec.made->encoder(), c.event), c.bytes) << c.codec;
  }
}

}  // namespace
}  // namespace millrace
