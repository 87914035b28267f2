#include "plugins/codecs/rubydebug.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

std::string printed(const std::string& codec, const std::string& event) {
  const MadeCodec made(rubydebug_codec(), codec);
  return made.made ? encoded(*made.made->encoder(), event) : made.messages();
}

TEST(RubydebugCodec, LaysEventsOut) {
  EXPECT_EQ(printed("rubydebug { }",
                    R"({"@timestamp":"2015-12-07T11:37:00.000Z","message":"a\n\"b\" \\ #{c}",
                        "n":1,"f":1.5,"null":null,"yes":true,"none":{},"empty":[],
                        "tags":["x","y"],"nested":{"a":{"bcd":1},"list":[{"k":"v"},[1]]},
                        "@metadata":{"m":1}})"),
            R"({
    "@timestamp" => 2015-12-07T11:37:00.000Z,
      "@version" => "1",
       "message" => "a\n\"b\" \\ \#{c}",
             "n" => 1,
             "f" => 1.5,
          "null" => nil,
           "yes" => true,
          "none" => {},
         "empty" => [],
          "tags" => [
        [0] "x",
        [1] "y"
    ],
        "nested" => {
           "a" => {
            "bcd" => 1
        },
        "list" => [
            [0] {
                "k" => "v"
            },
            [1] [
                [0] 1
            ]
        ]
    }
}
)");
}

TEST(RubydebugCodec, ShowsMetadataWhereItIsAskedTo) {
  const std::string event = R"({"@timestamp":"2015-12-07T11:37:00.000Z","@metadata":{"m":"x"}})";
  EXPECT_EQ(printed("rubydebug { metadata => true }", event), R"({
    "@timestamp" => 2015-12-07T11:37:00.000Z,
      "@version" => "1",
     "@metadata" => {
        "m" => "x"
    }
}
)");
  EXPECT_EQ(printed("rubydebug { metadata => false }", event), R"({
    "@timestamp" => 2015-12-07T11:37:00.000Z,
      "@version" => "1"
}
)");
}

}  // namespace
}  // namespace millrace
