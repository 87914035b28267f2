#include "plugins/codecs/csv.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

TEST(CsvCodec, DecodesEveryRow) {
  const MadeCodec codec(csv_codec(), "csv { columns => ['aa', 'bb'] convert => { bb => integer } }");
  ASSERT_NE(codec.made, nullptr) << codec.messages();
  EXPECT_EQ(decoded(*codec.made->message_decoder(), {"x,1\ny,2\n", "", "z\"", "\"u\nv\",3"}),
            (Texts{R"({"aa":"x","bb":1})", R"({"aa":"y","bb":2})",
                   R"({"message":"z\"","tags":["_csvparsefailure"]})", R"({"aa":"u\nv","bb":3})"}));
}

TEST(CsvCodec, KeepsTheOriginalInEcsModes) {
  const MadeCodec codec(csv_codec(), "csv { target => tt }", EcsMode::v8);
  EXPECT_EQ(decoded(*codec.made->message_decoder(), {"x,1"}),
            Texts{R"({"tt":{"column1":"x","column2":"1"},"event":{"original":"x,1"}})"});
}

TEST(CsvCodec, TakesNamesFromTheFirstRowOfEachStream) {
  const MadeCodec codec(csv_codec(), "csv { autodetect_column_names => true }");
  EXPECT_EQ(decoded(*codec.made->message_decoder(), {"aa,bb", "1,2"}),
            Texts{R"({"aa":"1","bb":"2"})"});
  EXPECT_EQ(decoded(*codec.made->message_decoder(), {"cc", "3"}), Texts{R"({"cc":"3"})"});
}

TEST(CsvCodec, EncodesColumnsAndQuotesWhereItMust) {
  const MadeCodec codec(csv_codec(), "csv { columns => ['aa', '[b][c]', 'dd'] include_headers => true }");
  ASSERT_NE(codec.made, nullptr) << codec.messages();
  const auto encoder = codec.made->encoder();
  EXPECT_EQ(encoded(*encoder, R"({"aa":"x,\"y\"","b":{"c":""},"dd":[1,"z"]})"),
            "aa,[b][c],dd\n\"x,\"\"y\"\"\",\"\",\"[1, \"\"z\"\"]\"\n");
  EXPECT_EQ(encoded(*encoder, R"({"aa":1.5,"dd":"a\nb"})"), "1.5,,\"a\nb\"\n");
}

TEST(CsvCodec, EncodesAllFieldsWithoutColumns) {
  const MadeCodec codec(csv_codec(), "csv { separator => ';' }");
  EXPECT_EQ(encoded(*codec.made->encoder(),
                    R"({"@timestamp":"2015-12-07T11:37:00.000Z","aa":"x","@metadata":{"m":1}})"),
            "2015-12-07T11:37:00.000Z;1;x\n");
}

}  // namespace
}  // namespace millrace
