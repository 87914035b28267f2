#include "plugins/outputs/elasticsearch/encode.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace::elasticsearch {
namespace {

EventText text(std::string_view source) { return EventText::parse(source).value(); }

/// Encodes one event; its lines, or "refused CODE".
std::string encoded(const ActionSettings& settings, std::string_view json) {
  const ActionEncoder encoder(settings);
  auto batch = Batch::make();
  const Event event = add_event(*batch, json);
  event.fields().erase(name::timestamp);
  event.fields().erase(name::version);
  const auto parcel = encoder.encode(*batch, std::vector<std::uint32_t>{0});
  if (!parcel->refused.empty()) {
    EXPECT_TRUE(parcel->actions.empty());
    EXPECT_TRUE(parcel->body.empty());
    return "refused " + std::string(parcel->refused[0].code);
  }
  EXPECT_EQ(parcel->actions.at(0).size, parcel->body.size());
  return std::string(parcel->body.view());
}

ActionSettings to(std::string_view index, ActionKind kind = ActionKind::index) {
  ActionSettings settings;
  settings.index = text(index);
  settings.default_action = kind;
  return settings;
}

TEST(ActionEncoder, WritesMetadataAndDocumentOnALineEach) {
  EXPECT_EQ(encoded(to("nginx"), R"({"m":"a\nb","@metadata":{"x":1}})"),
            "{\"index\":{\"_index\":\"nginx\"}}\n{\"m\":\"a\\nb\"}\n");
}

TEST(ActionEncoder, FillsTemplates) {
  ActionSettings settings = to("app-%{app}", ActionKind::create);
  settings.document_id = text("%{[@metadata][id]}");
  settings.routing = text("%{r}");
  settings.pipeline = text("p-%{app}");
  EXPECT_EQ(encoded(settings, R"({"app":"web","r":"\"x","@metadata":{"id":7}})"),
            R"({"create":{"_index":"app-web","_id":"7","routing":"\"x","pipeline":"p-web"}})"
            "\n"
            R"({"app":"web","r":"\"x"})"
            "\n");
}

TEST(ActionEncoder, TimeInTheIndexIsTheEvents) {
  const ActionEncoder encoder(to("logs-%{+YYYY.MM.dd}"));
  auto batch = Batch::make();
  add_event(*batch, R"({"@timestamp":"2024-05-01T10:00:00Z"})");
  const auto parcel = encoder.encode(*batch, std::vector<std::uint32_t>{0});
  EXPECT_TRUE(parcel->body.view().starts_with(R"({"index":{"_index":"logs-2024.05.01"}})"));
}

TEST(ActionEncoder, EventsCanWishWhereTheyGo) {
  ActionSettings settings;
  settings.default_index = text("fallback");
  EXPECT_EQ(encoded(settings, R"({"a":1})"), "{\"index\":{\"_index\":\"fallback\"}}\n{\"a\":1}\n");
  EXPECT_EQ(
      encoded(settings, R"({"a":1,"@metadata":{"_ingest_document":{"index":"w","id":"i","routing":)"
                        R"("r","pipeline":"p","version":3,"version_type":"external"}}})"),
      R"({"index":{"_index":"w","_id":"i","routing":"r","version":3,"version_type":"external","pipeline":"p"}})"
      "\n{\"a\":1}\n");
  EXPECT_EQ(encoded(settings, R"({"a":1,"@metadata":{"target_ingest_pipeline":"t"}})"),
            "{\"index\":{\"_index\":\"fallback\",\"pipeline\":\"t\"}}\n{\"a\":1}\n");
  settings.index = text("set");
  EXPECT_EQ(encoded(settings, R"({"a":1,"@metadata":{"_ingest_document":{"index":"w"}}})"),
            "{\"index\":{\"_index\":\"set\"}}\n{\"a\":1}\n");
}

TEST(ActionEncoder, EventsThatDifferByTurnsGetTheirOwnMetadata) {
  const ActionEncoder encoder(to("i-%{app}"));
  auto batch = Batch::make();
  const std::string of_a = R"({"app":"a"})";
  const std::string of_b = R"({"app":"b"})";
  const std::string wish = R"({"app":"a","@metadata":{"target_ingest_pipeline":"p"}})";
  for (const std::string& json : {of_a, of_a, wish, of_b, wish, wish, of_a}) {
    const Event event = add_event(*batch, json);
    event.fields().erase(name::timestamp);
    event.fields().erase(name::version);
  }
  const auto parcel = encoder.encode(*batch, std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6});
  const std::string a = "{\"index\":{\"_index\":\"i-a\"}}\n{\"app\":\"a\"}\n";
  const std::string b = "{\"index\":{\"_index\":\"i-b\"}}\n{\"app\":\"b\"}\n";
  const std::string with_pipeline =
      "{\"index\":{\"_index\":\"i-a\",\"pipeline\":\"p\"}}\n{\"app\":\"a\"}\n";
  EXPECT_EQ(parcel->body.view(), a + a + with_pipeline + b + with_pipeline + with_pipeline + a);
}

TEST(ActionEncoder, ActionComesFromTheEvent) {
  ActionSettings settings = to("i");
  settings.action = text("%{[@metadata][action]}");
  settings.document_id = text("%{id}");
  EXPECT_EQ(encoded(settings, R"({"id":"1","@metadata":{"action":"delete"}})"),
            "{\"delete\":{\"_index\":\"i\",\"_id\":\"1\"}}\n");
  EXPECT_EQ(encoded(settings, R"({"id":"1","@metadata":{"action":"update"}})"),
            "{\"update\":{\"_index\":\"i\",\"_id\":\"1\",\"retry_on_conflict\":1}}\n"
            "{\"doc\":{\"id\":\"1\"}}\n");
  EXPECT_EQ(encoded(settings, R"({"id":"1","@metadata":{"action":"frob"}})"),
            "refused unknown_action");
  EXPECT_EQ(encoded(settings, R"({"id":"1"})"), "refused unknown_action");
}

TEST(ActionEncoder, RefusesWhatWouldSpoilTheRequestOrOverwriteOthers) {
  ActionSettings settings = to("%{app}");
  EXPECT_EQ(encoded(settings, R"({"a":1})"), "refused index_unresolved");
  EXPECT_EQ(encoded(settings, R"({"app":""})"), "refused index_name");
  EXPECT_EQ(encoded(settings, R"({"app":"../x"})"), "refused index_name");
  EXPECT_EQ(encoded(settings, R"({"app":"Upper"})"), "refused index_name");
  EXPECT_EQ(encoded(settings, "{\"app\":\"" + std::string(300, 'x') + "\"}"), "refused index_name");
  settings = to("i");
  settings.document_id = text("%{id}");
  EXPECT_EQ(encoded(settings, R"({"a":1})"), "refused id_unresolved");
  EXPECT_EQ(encoded(settings, "{\"id\":\"" + std::string(513, 'x') + "\"}"), "refused id_too_long");
  EXPECT_NE(encoded(settings, "{\"id\":\"" + std::string(512, 'x') + "\"}"), "refused id_too_long");
  settings.default_action = ActionKind::remove;
  EXPECT_EQ(encoded(settings, R"({"id":""})"), "refused id_missing");
  settings = to("i");
  settings.version = text("%{v}");
  EXPECT_EQ(encoded(settings, R"({"v":"new"})"), "refused version");
}

TEST(ActionEncoder, UnresolvedIndexCanBeLetThrough) {
  ActionSettings settings = to("i%{app}");
  settings.index_must_resolve = false;
  EXPECT_EQ(encoded(settings, R"({"a":1})"), "{\"index\":{\"_index\":\"i%{app}\"}}\n{\"a\":1}\n");
}

TEST(ActionEncoder, UpdatesHaveEveryForm) {
  ActionSettings settings = to("i", ActionKind::update);
  settings.document_id = text("%{id}");
  settings.retry_on_conflict = 3;
  const std::string metadata =
      "{\"update\":{\"_index\":\"i\",\"_id\":\"1\",\"retry_on_conflict\":3}}\n";
  const std::string event = R"({"id":"1"})";
  settings.doc_as_upsert = true;
  EXPECT_EQ(encoded(settings, event),
            metadata + "{\"doc\":{\"id\":\"1\"},\"doc_as_upsert\":true}\n");
  settings.doc_as_upsert = false;
  settings.upsert = text("{ \"n\":\n \"%{id}\" }");
  EXPECT_EQ(encoded(settings, event),
            metadata + "{\"doc\":{\"id\":\"1\"},\"upsert\":{\"n\":\"1\"}}\n");
  settings.upsert = text("%{id}");
  EXPECT_EQ(encoded(settings, event), "refused upsert");
  settings.upsert.reset();
  settings.script = "ctx._source.n += params.event.n";
  settings.script_lang = "painless";
  settings.script_var_name = "event";
  EXPECT_EQ(encoded(settings, event),
            metadata + R"({"script":{"source":"ctx._source.n += params.event.n","lang":"painless",)"
                       R"("params":{"event":{"id":"1"}}}})"
                       "\n");
  settings.scripted_upsert = true;
  settings.stored_script = true;
  settings.script = "named";
  EXPECT_EQ(encoded(settings, event),
            metadata + R"({"script":{"id":"named","params":{"event":{"id":"1"}}},)"
                       R"("scripted_upsert":true,"upsert":{}})"
                       "\n");
}

ActionSettings stream() {
  ActionSettings settings;
  settings.default_action = ActionKind::create;
  settings.stream = ActionSettings::Stream{"logs", "generic", "default"};
  return settings;
}

TEST(ActionEncoder, DataStreamsAreNamedByTheEvent) {
  const ActionSettings settings = stream();
  EXPECT_EQ(encoded(settings, R"({"a":1})"),
            "{\"create\":{\"_index\":\"logs-generic-default\"}}\n"
            "{\"a\":1,\"data_stream\":{\"type\":\"logs\",\"dataset\":\"generic\",\"namespace\":"
            "\"default\"}}\n");
  EXPECT_EQ(
      encoded(settings, R"({"data_stream":{"dataset":"nginx"}})"),
      "{\"create\":{\"_index\":\"logs-nginx-default\"}}\n"
      "{\"data_stream\":{\"dataset\":\"nginx\",\"type\":\"logs\",\"namespace\":\"default\"}}\n");
  EXPECT_EQ(encoded(settings, R"({"data_stream":{"dataset":"ng-inx"}})"), "refused index_name");
  EXPECT_EQ(encoded(settings, R"({"data_stream":"text"})"),
            "{\"create\":{\"_index\":\"logs-generic-default\"}}\n{\"data_stream\":\"text\"}\n");
}

TEST(ActionEncoder, DataStreamRoutingAndSyncCanBeOff) {
  ActionSettings settings = stream();
  settings.stream->auto_routing = false;
  EXPECT_EQ(
      encoded(settings, R"({"data_stream":{"dataset":"nginx"}})"),
      "{\"create\":{\"_index\":\"logs-generic-default\"}}\n"
      "{\"data_stream\":{\"dataset\":\"generic\",\"type\":\"logs\",\"namespace\":\"default\"}}\n");
  settings.stream->sync_fields = false;
  EXPECT_EQ(encoded(settings, R"({"data_stream":{"dataset":"nginx"}})"),
            "{\"create\":{\"_index\":\"logs-generic-default\"}}\n"
            "{\"data_stream\":{\"dataset\":\"nginx\"}}\n");
}

TEST(ActionEncoder, JoinFieldTellsTheParent) {
  ActionSettings settings = to("i");
  settings.join_field = FieldRef::parse("rel").value();
  settings.parent = text("%{p}");
  EXPECT_EQ(encoded(settings, R"({"rel":"answer","p":"q1"})"),
            "{\"index\":{\"_index\":\"i\"}}\n"
            "{\"rel\":{\"name\":\"answer\",\"parent\":\"q1\"},\"p\":\"q1\"}\n");
}

TEST(ActionEncoder, KeysTellWhereOrderMatters) {
  const auto keys = [](const ActionSettings& settings) {
    auto batch = Batch::make();
    add_event(*batch, R"({"id":"1"})");
    add_event(*batch, R"({"id":"2"})");
    add_event(*batch, R"({"id":"1"})");
    const auto parcel = ActionEncoder(settings).encode(*batch, std::vector<std::uint32_t>{0, 1, 2});
    return std::vector<std::uint64_t>{parcel->actions[0].key, parcel->actions[1].key,
                                      parcel->actions[2].key};
  };
  ActionSettings settings = to("i");
  EXPECT_EQ(keys(settings)[0], 0u);
  settings.document_id = text("%{id}");
  EXPECT_NE(keys(settings)[0], 0u);
  EXPECT_NE(keys(settings)[0], keys(settings)[1]);
  EXPECT_EQ(keys(settings)[0], keys(settings)[2]);
  settings.default_action = ActionKind::create;
  EXPECT_EQ(keys(settings)[0], 0u);
}

TEST(ActionEncoder, RefusedEventsLeaveNoBytes) {
  ActionSettings settings = to("%{app}");
  auto batch = Batch::make();
  add_event(*batch, R"({"app":"a"})");
  add_event(*batch, R"({"none":"b"})");
  add_event(*batch, R"({"app":"c"})");
  const auto parcel = ActionEncoder(settings).encode(*batch, std::vector<std::uint32_t>{0, 1, 2});
  ASSERT_EQ(parcel->actions.size(), 2u);
  EXPECT_EQ(parcel->actions[1].event, 2u);
  EXPECT_EQ(parcel->actions[1].begin, parcel->actions[0].size);
  EXPECT_EQ(parcel->refused.at(0).event, 1u);
}

TEST(ActionEncoder, NewIndexNamesAreBounded) {
  const ActionEncoder encoder(to("%{app}"));
  auto batch = Batch::make();
  Selection all;
  for (std::size_t i = 0; i < ActionEncoder::kMostNewNames * 3; ++i)
    all.push_back(add_event(*batch, "{\"app\":\"n" + std::to_string(i) + "\"}").at());
  const auto parcel = encoder.encode(*batch, all);
  // Twice the bound where a minute ends just now.
  EXPECT_GE(parcel->actions.size(), ActionEncoder::kMostNewNames);
  EXPECT_LE(parcel->actions.size(), ActionEncoder::kMostNewNames * 2);
  EXPECT_EQ(parcel->refused.at(0).code, "index_names");
}

TEST(ActionEncoder, HostileBytesStayJson) {
  EXPECT_EQ(encoded(to("%{app}"), "{\"app\":\"a\",\"m\":\"\\u0000\"}"),
            "{\"index\":{\"_index\":\"a\"}}\n{\"app\":\"a\",\"m\":\"\\u0000\"}\n");
}

}  // namespace
}  // namespace millrace::elasticsearch
