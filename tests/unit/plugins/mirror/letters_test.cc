#include "plugins/mirror/letters.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "pipeline/event/json_write.h"
#include "pipeline/queue/dead_letter_browser.h"
#include "tests/unit/support/temp_directory.h"

namespace millrace::mirror {
namespace {

using namespace std::literals;

std::string event_of(const Refused& record) {
  const Batch::Ptr batch = Batch::make();
  add_letter_event(record, *batch);
  Buffer out;
  write_json((*batch)[0], out);
  return std::string(out.view());
}

TEST(MirrorLetters, TellEachByteOfARecord) {
  const kafka::Header headers[] = {{"a", "1"}, {"a", std::nullopt}, {"b", "\xff\x00"sv}};
  EXPECT_EQ(event_of({.topic = "orders",
                      .partition = 3,
                      .offset = 17,
                      .timestamp_ms = 1'790'000'000'123,
                      .key = "\xc3\x28"sv,
                      .value = "grün",
                      .headers = headers,
                      .target = "east.orders"}),
            R"({"@timestamp":"2026-09-21T14:13:20.123Z","@version":"1","message":"grün","kafka":{)"
            R"("topic":"orders","partition":3,"offset":17,"timestamp":1790000000123,)"
            R"("key_base64":"wyg=","headers":[{"name":"a","value":"1"},{"name":"a","value":null},)"
            R"({"name":"b","value_base64":"/wA="}],"target":"east.orders"}})");
}

TEST(MirrorLetters, NullIsNotEmpty) {
  const std::string null = event_of({.topic = "t", .timestamp_ms = 0});
  EXPECT_NE(null.find(R"("message":null)"), std::string::npos) << null;
  EXPECT_NE(null.find(R"("key":null)"), std::string::npos) << null;
  const std::string empty = event_of({.topic = "t", .timestamp_ms = 0, .key = "", .value = ""});
  EXPECT_NE(empty.find(R"("message":"")"), std::string::npos) << empty;
  EXPECT_NE(empty.find(R"("key":"")"), std::string::npos) << empty;
}

class MirrorLetterQueue : public testing::Test {
 protected:
  MirrorLetterQueue() {
    settings_.options.flow = "f";
    settings_.options.dead_letter_path = top_.path("");
  }
  Refused record(std::string_view value) const {
    return {.topic = "t",
            .offset = 5,
            .value = value,
            .code = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
            .why = "too large"};
  }
  TempDirectory top_;
  FlowSettings settings_;
};

TEST_F(MirrorLetterQueue, KeepsRecordsInADirectoryCalledAfterTheFlow) {
  Letters letters(settings_);
  EXPECT_EQ(letters.keep(record("x")), Letters::Outcome::later);  // not open
  ASSERT_TRUE(letters.open());
  EXPECT_EQ(letters.keep(record("x")), Letters::Outcome::kept);
  letters.close();
  std::vector<std::string> codes;
  ASSERT_TRUE(dlq::browse(top_.path("f"), {}, [&](const dlq::Letter& letter) {
    codes.emplace_back(letter.record.code);
    EXPECT_EQ(letter.record.plugin_id, "f");
    EXPECT_EQ(letter.record.message, "too large");
    return true;
  }));
  EXPECT_EQ(codes, std::vector<std::string>{"msg_size_too_large"});
}

TEST_F(MirrorLetterQueue, WaitsWhereItIsFullAndTakesNothingThatNeverFits) {
  settings_.options.dead_letter_max_bytes.count = 4000;
  Letters letters(settings_);
  ASSERT_TRUE(letters.open());
  const std::string large(2500, 'x');
  EXPECT_EQ(letters.keep(record(large)), Letters::Outcome::kept);
  EXPECT_EQ(letters.keep(record(large)), Letters::Outcome::later);
  EXPECT_EQ(letters.keep(record(std::string(5000, 'x'))), Letters::Outcome::never);
}

}  // namespace
}  // namespace millrace::mirror
