#include <gtest/gtest.h>

#include "plugins/codecs/json.h"
#include "plugins/codecs/json_lines.h"
#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

struct DecodeCase {
  std::string about;
  EcsMode ecs;
  std::string codec;
  std::string text;
  Texts events;
};

TEST(JsonCodec, Decodes) {
  const auto off = EcsMode::disabled;
  const auto v8 = EcsMode::v8;
  const std::vector<DecodeCase> cases = {
      {"an object", off, "", R"({"a":1,"b":[true]})", {R"({"a":1,"b":[true]})"}},
      {"objects", off, "", R"([{"a":1},{"b":2}])", {R"({"a":1})", R"({"b":2})"}},
      {"an empty list", off, "", "[]", {}},
      {"blank", off, "", " \n ", {}},
      {"garbage", off, "", "{a", {R"({"message":"{a","tags":["_jsonparsefailure"]})"}},
      {"a scalar", off, "", "12", {R"({"message":"12","tags":["_jsonparsefailure"]})"}},
      {"a list with a scalar", off, "", R"([{"a":1},1])",
       {R"({"message":"[{\"a\":1},1]","tags":["_jsonparsefailure"]})"}},
      {"target", off, "target => '[x][y]'", R"({"a":1})", {R"({"x":{"y":{"a":1}}})"}},
      {"a target that cannot be", off, "target => '@timestamp'", R"({"a":1})",
       {R"({"message":"{\"a\":1}","tags":["_jsonparsefailure"]})"}},
      {"original", v8, "", R"({"a":1})", {R"({"a":1,"event":{"original":"{\"a\":1}"}})"}},
      {"original that came along", v8, "", R"({"event":{"original":"o"}})",
       {R"({"event":{"original":"o"}})"}},
      {"an `event` that is no object", v8, "", R"({"event":"x"})", {R"({"event":"x"})"}},
      {"no original of many", v8, "", R"([{"a":1},{"b":2}])", {R"({"a":1})", R"({"b":2})"}},
      {"bad bytes", off, "", "\x80", {R"({"message":"\\x80","tags":["_jsonparsefailure"]})"}},
  };
  for (const DecodeCase& c : cases)
    for (const auto& [plugin, name] :
         {std::pair(json_codec(), "json"), std::pair(json_lines_codec(), "json_lines")}) {
      const MadeCodec codec(plugin, std::string(name) + " { " + c.codec + " }", c.ecs);
      ASSERT_NE(codec.made, nullptr) << codec.messages();
      EXPECT_EQ(decoded(*codec.made->stream_decoder(), {c.text}), c.events) << name << c.about;
    }
}

TEST(JsonLinesCodec, CutsMessagesAtItsDelimiter) {
  const MadeCodec codec(json_lines_codec(), "json_lines { delimiter => '|' }");
  ASSERT_NE(codec.made, nullptr) << codec.messages();
  EXPECT_EQ(decoded(*codec.made->message_decoder(), {R"({"a":1}|{"a":2}|)", R"({"a":3})"}),
            (Texts{R"({"a":1})", R"({"a":2})", R"({"a":3})"}));
}

TEST(JsonLinesCodec, BoundsALineByItsOption) {
  const MadeCodec codec(json_lines_codec(), "json_lines { decode_size_limit_bytes => 20 }");
  ASSERT_NE(codec.made, nullptr) << codec.messages();
  EXPECT_EQ(codec.made->framing().max_bytes, 20u);
}

TEST(JsonCodecs, EncodeTheEventWithoutItsMetadata) {
  const std::string event =
      R"({"@timestamp":"2015-12-07T11:37:00.000Z","a":[1,"x"],"@metadata":{"m":1}})";
  const std::string json = R"({"@timestamp":"2015-12-07T11:37:00.000Z","@version":"1","a":[1,"x"]})";
  EXPECT_EQ(encoded(*MadeCodec(json_codec(), "json { }").made->encoder(), event), json);
  EXPECT_EQ(encoded(*MadeCodec(json_lines_codec(), "json_lines { }").made->encoder(), event),
            json + "\n");
  EXPECT_EQ(encoded(*MadeCodec(json_lines_codec(), "json_lines { delimiter => '|' }")
                         .made->encoder(),
                    event),
            json + "|");
}

}  // namespace
}  // namespace millrace
