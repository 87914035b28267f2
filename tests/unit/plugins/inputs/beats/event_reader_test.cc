#include "plugins/inputs/beats/event_reader.h"

#include <gtest/gtest.h>

#include <cstring>

#include "plugins/codecs/json.h"
#include "plugins/codecs/line.h"
#include "plugins/codecs/plain.h"
#include "tests/unit/plugins/inputs/beats/frames.h"
#include "tests/unit/support/plugin_harness.h"
#include "tests/unit/support/test_data.h"

namespace millrace::beats {
namespace {

using namespace frames;

struct Setting {
  Enrichment enrichment{.codec_tag = false, .source = false};
  EcsMode ecs = EcsMode::disabled;
  Peer peer{.address = "10.1.2.3"};
  std::string codec = "plain";
  Limits limits{};
};

/// The events that come of the bytes which one connection sends.
class Reading {
 public:
  explicit Reading(const Setting& setting)
      : codec_(codec_plugin(setting.codec), setting.codec + " { }", setting.ecs),
        rules_(setting.enrichment, setting.ecs,
               std::shared_ptr<const Codec>(std::move(codec_.made)), setting.codec,
               setting.codec == "plain"),
        peer_(setting.peer),
        reader_(rules_, peer_),
        decoder_(setting.limits) {}

  void find_out_ids() { rules_.find_out_ids(); }

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> room = decoder_.room();
      const std::size_t some = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), some);
      bytes.remove_prefix(some);
      decoder_.commit(some);
      for (auto item = decoder_.next(); item.value(); item = decoder_.next())
        reader_.read(**item, decoder_, Timestamp{0}, *batch);
    }
    reader_.finish(*batch);
    decoder_.share_blocks();
  }

  Batch::Ptr batch = Batch::make();

 private:
  static CodecPlugin codec_plugin(const std::string& name) {
    if (name == "json") return json_codec();
    return name == "line" ? line_codec() : plain_codec();
  }

  MadeCodec codec_;
  EventRules rules_;
  const Peer peer_;
  EventReader reader_;
  Decoder decoder_;
};

using Events = std::vector<std::string>;

Events events(const Setting& setting, const std::string& frame) {
  Reading reading(setting);
  reading.feed(window(1) + frame);
  return as_json(*reading.batch);
}
Events events(const std::string& frame) { return events(Setting{}, frame); }

TEST(BeatsEventReader, TakesAnEventOverAsTheClientSentIt) {
  Reading reading(Setting{});
  reading.feed(window(1) +
               json(1,
                    R"({"@timestamp":"2026-11-21T01:16:56.423Z","@metadata":{"beat":"filebeat"},)"
                    R"("message":"a","log":{"offset":7},"tags":["web"]})"));
  EXPECT_EQ(as_json(*reading.batch),
            (Events{R"({"@metadata":{"beat":"filebeat"},"message":"a","log":{"offset":7},)"
                    R"("tags":["web"]})"}));
  EXPECT_EQ((*reading.batch)[0].timestamp().ns, 1'795'223'816'423'000'000);
  EXPECT_EQ((*reading.batch)[0].get(name::version)->text(), "1");
}

TEST(BeatsEventReader, ATimeThatIsNoneLeavesTheTimeOfArrival) {
  EXPECT_EQ(events(json(1, R"({"message":"a","@timestamp":"soon"})")),
            (Events{R"({"message":"a","_@timestamp":"soon","tags":["_timestampparsefailure"]})"}));
  EXPECT_EQ(events(json(1, R"({"message":"a","tags":"one"})")),
            (Events{R"({"message":"a","tags":"one"})"}));
}

TEST(BeatsEventReader, AnOldClientsLineBecomesTheMessage) {
  EXPECT_EQ(events(pairs(1, {{"line", "hi"}, {"host", "a"}, {"host", "b"}, {"", ""}})),
            (Events{R"({"message":"hi","host":"b","":""})"}));
  EXPECT_EQ(events(pairs(1, {{"line", "hi"}, {"message", "there\xff"}})),
            (Events{"{\"line\":\"hi\",\"message\":\"there\xEF\xBF\xBD\"}"}));
}

TEST(BeatsEventReader, TagsByTheCodecThatWasApplied) {
  Setting setting;
  setting.enrichment.codec_tag = true;
  EXPECT_EQ(events(setting, json(1, R"({"message":"a"})")),
            (Events{R"({"message":"a","tags":["beats_input_codec_plain_applied"]})"}));
  EXPECT_EQ(events(setting, json(1, R"({"message":"a","tags":["web"]})")),
            (Events{R"({"message":"a","tags":["web","beats_input_codec_plain_applied"]})"}));
  EXPECT_EQ(events(setting, json(1, R"({"message":7})")),
            (Events{R"({"message":7,"tags":["beats_input_raw_event"]})"}));
  EXPECT_EQ(events(setting, pairs(1, {{"line", "hi"}})),
            (Events{R"({"message":"hi","tags":["beats_input_codec_plain_applied"]})"}));
}

TEST(BeatsEventReader, EventsOfABatchDoNotShareWhatOneOfThemChanges) {
  Setting setting;
  setting.enrichment = {};
  Reading reading(setting);
  reading.feed(window(2) + json(1, R"({"message":"a"})") + json(2, R"({"message":"b"})"));
  (*reading.batch)[0].tag("first");
  EXPECT_FALSE((*reading.batch)[1].has_tag("first"));
}

TEST(BeatsEventReader, GivesTheTextToTheCodecAndTheRestToWhatItMakes) {
  Setting setting;
  setting.codec = "json";
  setting.enrichment.codec_tag = true;
  const std::string rest = R"("host":{"name":"h"},"@metadata":{"beat":"filebeat"})";
  EXPECT_EQ(
      events(setting, json(1, R"({"message":"{\"a\":1,\"host\":{\"ip\":\"i\"}}",)" + rest + "}")),
      (Events{R"({"a":1,"host":{"ip":"i","name":"h"},"@metadata":{"beat":"filebeat"},)"
              R"("tags":["beats_input_codec_json_applied"]})"}));
  EXPECT_EQ(events(setting, json(1, R"({"message":"[{\"a\":1},{\"a\":2}]","b":{"c":3}})")),
            (Events{R"({"a":1,"b":{"c":3},"tags":["beats_input_codec_json_applied"]})",
                    R"({"a":2,"b":{"c":3},"tags":["beats_input_codec_json_applied"]})"}));
  EXPECT_EQ(events(setting, json(1, R"({"message":"none","b":1})")),
            (Events{R"({"message":"none","tags":["_jsonparsefailure",)"
                    R"("beats_input_codec_json_applied"],"b":1})"}));
}

TEST(BeatsEventReader, SaysWhereAnEventCameFrom) {
  Setting setting;
  setting.enrichment.source = true;
  EXPECT_EQ(events(setting, json(1, R"({"message":"a"})")),
            (Events{R"({"message":"a","@metadata":{"ip_address":"10.1.2.3"}})"}));
  setting.ecs = EcsMode::v8;
  EXPECT_EQ(events(setting, json(1, R"({"message":"a","@metadata":{"beat":"filebeat"}})")),
            (Events{R"({"message":"a","@metadata":{"beat":"filebeat",)"
                    R"("input":{"beats":{"host":{"ip":"10.1.2.3"}}}},"event":{"original":"a"}})"}));
}

TEST(BeatsEventReader, AClientCannotSayThatItIsSomebodyElse) {
  Setting setting;
  setting.enrichment.source = true;
  const Events expected = {R"({"message":"a","@metadata":{"ip_address":"10.1.2.3"}})"};
  EXPECT_EQ(events(setting, json(1, R"({"message":"a","@metadata":{"ip_address":"1.1.1.1"}})")),
            expected);
  EXPECT_EQ(events(setting, json(1, R"({"message":"a","@metadata":"mine"})")), expected);
}

TEST(BeatsEventReader, SaysHowTheConnectionIsProtected) {
  Setting setting;
  setting.enrichment.tls_peer = true;
  EXPECT_EQ(events(setting, json(1, R"({"message":"a"})")), (Events{R"({"message":"a"})"}));
  setting.peer = {"10.1.2.3", true, true, "TLSv1.3", "CN=web-1", "TLS_AES_256_GCM_SHA384"};
  EXPECT_EQ(events(setting, json(1, R"({"message":"a"})")),
            (Events{R"({"message":"a","@metadata":{"tls_peer":{"status":"verified",)"
                    R"("protocol":"TLSv1.3","subject":"CN=web-1",)"
                    R"("cipher_suite":"TLS_AES_256_GCM_SHA384"}}})"}));
  setting.ecs = EcsMode::v1;
  EXPECT_EQ(
      events(setting, json(1, R"({"a":1})")),
      (Events{R"({"a":1,"@metadata":{"tls_peer":{"status":"verified"},"input":{"beats":{"tls":)"
              R"({"version_protocol":"TLSv1.3","client":{"subject":"CN=web-1"},)"
              R"("cipher":"TLS_AES_256_GCM_SHA384"}}}}})"}));
}

TEST(BeatsEventReader, ANameOfTheHostIsCopiedWhereItIsWantedAndThereIsNone) {
  Setting setting;
  setting.enrichment.host_name = true;
  EXPECT_EQ(events(setting, json(1, R"({"beat":{"hostname":"h"}})")),
            (Events{R"({"beat":{"hostname":"h"},"host":"h"})"}));
  EXPECT_EQ(events(setting, json(1, R"({"beat":{"hostname":"h"},"host":"x"})")),
            (Events{R"({"beat":{"hostname":"h"},"host":"x"})"}));
}

TEST(BeatsEventReader, AnIdThatTheClientGaveIsTheStableId) {
  Names::intern("millrace");  // as a config does that mentions the field
  Setting setting;
  Reading reading(setting);
  reading.find_out_ids();
  reading.feed(window(2) + json(1, R"({"message":"a","@metadata":{"_id":"x7"}})") +
               json(2, R"({"message":"b"})"));
  EXPECT_EQ(as_json(*reading.batch),
            (Events{R"({"message":"a","@metadata":{"_id":"x7","millrace":{"id":"x7"}}})",
                    R"({"message":"b"})"}));
}

TEST(BeatsEventReader, WhatIsNoJsonObjectIsKeptAsText) {
  EXPECT_EQ(events(json(1, "{\"a\":")),
            (Events{R"({"message":"{\"a\":","@metadata":{"beats":{"original_length":5}},)"
                    R"("tags":["_jsonparsefailure"]})"}));
  EXPECT_EQ(events(json(1, "17")),
            (Events{R"({"message":"17","@metadata":{"beats":{"original_length":2}},)"
                    R"("tags":["_jsonparsefailure"]})"}));
  EXPECT_EQ(events(json(1, R"([{"a":1},2])")),
            (Events{R"({"a":1})", R"({"message":"2","@metadata":{"beats":{"original_length":1}},)"
                                  R"("tags":["_jsonparsefailure"]})"}));
  EXPECT_EQ(events(json(1, "[]")), Events{});
}

TEST(BeatsEventReader, FewBytesDoNotBecomeMuchMemory) {
  const auto list_of = [](std::string_view element, std::size_t count) {
    std::string list = "[";
    for (std::size_t i = 0; i < count; ++i) list.append(i > 0 ? "," : "").append(element);
    return list + "]";
  };
  Setting setting;
  for (const std::string& text :
       {list_of("{}", 10'001), list_of("1", 10'001), R"({"a":)" + list_of("{}", 1'000'000) + "}"}) {
    Reading reading(setting);
    reading.feed(window(1) + json(1, text));
    ASSERT_EQ(reading.batch->size(), 1u);
    EXPECT_EQ((*reading.batch)[0].get(name::message)->text(), text.substr(0, 1 << 20));
    EXPECT_LT(reading.batch->footprint(), std::size_t{48} << 20);
  }
  EXPECT_EQ(events(json(1, list_of("{}", 10'000))).size(), 10'000u);
}

TEST(BeatsEventReader, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(events(json(1, "{\"message\":\"a\xff\"}")),
            (Events{"{\"message\":\"a\xEF\xBF\xBD\"}"}));
}

TEST(BeatsEventReader, OfWhatIsTooLargeTheBeginningIsKept) {
  Setting setting;
  setting.limits.event_bytes = 100'000;
  const std::string large(200'000, 'x');
  EXPECT_EQ(events(setting, json(1, large)),
            (Events{"{\"message\":\"" + large.substr(0, Decoder::kOversizedHead) +
                    R"(","@metadata":{"beats":{"original_length":200000}},)"
                    R"("tags":["_beats_event_too_large"]})"}));
}

TEST(BeatsEventReader, ReadsWhatFilebeatSends) {
  Setting setting;
  Reading reading(setting);
  reading.feed(test_data("lumberjack/filebeat-odd.bin"));
  ASSERT_EQ(reading.batch->size(), 13u);
  const auto message = [&](std::uint32_t at) {
    return (*reading.batch)[at].get(name::message)->text();
  };
  EXPECT_EQ(message(2).find("\xEF\xBF\xBD"), message(2).find_first_of("\xEF"));
  EXPECT_EQ(message(10), std::string(100'000, 'x'));
  EXPECT_EQ(message(12), "last");
  EXPECT_TRUE((*reading.batch)[0].has_tag("web"));
  EXPECT_EQ((*reading.batch)[0].get(FieldRef::parse("[nested][a]").value())->integer(), 1);
}

}  // namespace
}  // namespace millrace::beats
