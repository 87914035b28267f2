#include "pipeline/event/event.h"

#include <gtest/gtest.h>

#include "pipeline/event/batch.h"
#include "pipeline/event/json_read.h"
#include "pipeline/event/json_write.h"
#include "pipeline/event/template.h"

namespace millrace {
namespace {

FieldRef ref(std::string_view text) {
  auto parsed = FieldRef::parse(text);
  EXPECT_TRUE(parsed) << text;
  return *parsed;
}

Value json(Batch& batch, std::string_view text) {
  JsonReader reader;
  auto value = reader.read(batch.arena().copy(text), batch);
  EXPECT_TRUE(value) << text;
  return *value;
}

std::string show(const Batch& batch, const Value& value) {
  Buffer out;
  write_json(batch, value, out);
  return std::string(out.view());
}

std::string show(const ConstEvent& event) {
  Buffer out;
  write_json(event, out);
  return std::string(out.view());
}

Event event_of(Batch& batch, std::string_view text) {
  Event event = batch.add(Timestamp{0});
  event.merge_document(json(batch, text).object());
  return event;
}

TEST(Event, HasTimestampAndVersionFromTheStart) {
  auto batch = Batch::make();
  EXPECT_EQ(show(batch->add(Timestamp{0})),
            R"({"@timestamp":"1970-01-01T00:00:00.000Z","@version":"1"})");
}

TEST(Event, SetMakesTheObjectsOnTheWay) {
  auto batch = Batch::make();
  Event event = event_of(*batch, "{}");
  ASSERT_TRUE(event.set(ref("[a][b][c]"), Value::of(std::int64_t{1})));
  EXPECT_EQ(show(*batch, *event.get(ref("a"))), R"({"b":{"c":1}})");
}

TEST(Event, SetThroughAScalarIsRefusedAndChangesNothing) {
  auto batch = Batch::make();
  Event event = event_of(*batch, R"({"a":"text","l":[1]})");
  const std::string before = show(event);
  EXPECT_FALSE(event.set(ref("[a][b]"), Value()));
  EXPECT_FALSE(event.set(ref("[l][x]"), Value()));
  EXPECT_FALSE(event.set(ref("[l][0][x]"), Value()));
  EXPECT_FALSE(event.set(ref("[l][1000000]"), Value()));
  EXPECT_FALSE(event.set(ref("[l][-9]"), Value()));
  EXPECT_EQ(show(event), before);
}

TEST(Event, PutNewSetsOnlyWhatIsNotThere) {
  const Batch::Ptr batch = Batch::make();
  Event event = batch->add(Timestamp{0});
  EXPECT_TRUE(event.put_new(*FieldRef::parse("client"), Value::of(std::int64_t{1})));
  EXPECT_FALSE(event.put_new(*FieldRef::parse("client"), Value::of(std::int64_t{2})));
  EXPECT_FALSE(event.put_new(*FieldRef::parse("[a][b]"), Value::of(std::int64_t{3})));
  EXPECT_FALSE(event.put_new(*FieldRef::parse("tags"), Value::of(std::int64_t{4})));
  EXPECT_EQ(event.get(*FieldRef::parse("client"))->integer(), 1);
  EXPECT_EQ(event.get(*FieldRef::parse("a")), nullptr);
  EXPECT_EQ(event.get(*FieldRef::parse("tags")), nullptr);
}

TEST(Event, TimestampAndTagsKeepTheirTypes) {
  auto batch = Batch::make();
  Event event = event_of(*batch, "{}");
  EXPECT_FALSE(event.set(ref("@timestamp"), Value::of(std::string_view("now"))));
  EXPECT_FALSE(event.set(ref("tags"), Value::of(std::int64_t{1})));
  EXPECT_TRUE(event.set(ref("tags"), Value()));
  EXPECT_TRUE(event.set(ref("tags"), Value::of(std::string_view("one"))));
  EXPECT_TRUE(event.set(ref("@timestamp"), Value::of(Timestamp{1})));
}

TEST(Event, ArraysAreReadAndWrittenByIndex) {
  auto batch = Batch::make();
  Event event = event_of(*batch, R"({"l":["a",{"k":1}]})");
  EXPECT_EQ(event.get(ref("[l][-2]"))->text(), "a");
  EXPECT_EQ(event.get(ref("[l][1][k]"))->integer(), 1);
  EXPECT_EQ(event.get(ref("[l][2]")), nullptr);
  EXPECT_EQ(event.get(ref("[l][x]")), nullptr);
  ASSERT_TRUE(event.set(ref("[l][3]"), Value::of(true)));
  EXPECT_EQ(show(*batch, *event.get(ref("l"))), R"(["a",{"k":1},null,true])");
  EXPECT_TRUE(event.remove(ref("[l][0]")));
  EXPECT_EQ(show(*batch, *event.get(ref("l"))), R"([{"k":1},null,true])");
}

TEST(Event, TagsAreASetUnlessTheyAreALoneString) {
  auto batch = Batch::make();
  Event event = event_of(*batch, "{}");
  event.tag("a");
  event.tag("b");
  event.tag("a");
  EXPECT_EQ(show(*batch, *event.get(name::tags)), R"(["a","b"])");
  event.untag("a");
  EXPECT_EQ(show(*batch, *event.get(name::tags)), R"(["b"])");
  Event lone = event_of(*batch, R"({"tags":"foo"})");
  lone.tag("foo");
  EXPECT_EQ(show(*batch, *lone.get(name::tags)), R"(["foo","foo"])");
}

TEST(Event, BadTimestampsAndTagsOfADocumentAreKeptAside) {
  auto batch = Batch::make();
  Event event = event_of(*batch, R"({"@timestamp":"yesterday","tags":{"a":1}})");
  EXPECT_EQ(
      show(event),
      R"({"@timestamp":"1970-01-01T00:00:00.000Z","@version":"1","_@timestamp":"yesterday","_tags":[{"a":1}],)"
      R"("tags":["_timestampparsefailure","_tagsparsefailure"]})");
}

TEST(Event, NullSaysNothingAboutTheTime) {
  auto batch = Batch::make();
  Event event = event_of(*batch, R"({"@timestamp":null})");
  EXPECT_EQ(show(event), R"({"@timestamp":"1970-01-01T00:00:00.000Z","@version":"1"})");
}

TEST(Event, MetadataIsNotPrinted) {
  auto batch = Batch::make();
  Event event = event_of(*batch, R"({"@metadata":{"a":1}})");
  EXPECT_EQ(show(event), R"({"@timestamp":"1970-01-01T00:00:00.000Z","@version":"1"})");
  EXPECT_EQ(event.get(ref("[@metadata][a]"))->integer(), 1);
}

TEST(Batch, ChildrenShareUntilOneOfThemWrites) {
  auto batch = Batch::make();
  event_of(*batch, R"({"o":{"p":{"x":1}},"l":[1]})");
  Event child = batch->add_child(0, batch->copy_fields(0));
  ASSERT_TRUE(child.set(ref("[o][p][x]"), Value::of(std::int64_t{2})));
  ASSERT_TRUE(child.set(ref("[l][0]"), Value::of(std::int64_t{2})));
  EXPECT_EQ((*batch)[0].get(ref("[o][p][x]"))->integer(), 1);
  EXPECT_EQ((*batch)[0].get(ref("[l][0]"))->integer(), 1);
  EXPECT_EQ(child.get(ref("[o][p][x]"))->integer(), 2);
  Event parent = (*batch)[0];
  ASSERT_TRUE(parent.set(ref("[o][p][x]"), Value::of(std::int64_t{3})));
  EXPECT_EQ(child.get(ref("[o][p][x]"))->integer(), 2);
}

TEST(Batch, MergeOrdersByWhatCameInAndThenByArm) {
  auto batch = Batch::make();
  for (int i = 0; i < 3; ++i) event_of(*batch, "{}");
  const std::uint32_t first = batch->add_child(0, batch->copy_fields(0)).at();
  const std::uint32_t second = batch->add_child(0, batch->copy_fields(0)).at();
  const std::uint32_t last = batch->add_child(2, batch->copy_fields(2)).at();
  const Selection one{0, second, 2};
  const Selection other{first, 1, last};
  EXPECT_EQ(batch->merge(one, other), (Selection{0, second, first, 1, 2, last}));
}

TEST(Batch, AdoptsValuesOfAnotherBatchByCopy) {
  auto to = Batch::make();
  Value kept;
  {
    auto from = Batch::make();
    kept = to->adopt(*from, json(*from, R"({"fresh key":["text",1.5,{"in":null}]})"));
  }
  EXPECT_EQ(show(*to, kept), R"({"fresh key":["text",1.5,{"in":null}]})");
}

TEST(BatchNames, FindsANameThatAConfigMentionsOnlyLater) {
  auto batch = Batch::make();
  Event event = event_of(*batch, R"({"a name nobody mentioned before":1})");
  ASSERT_NE(event.get(ref("a name nobody mentioned before")), nullptr);
}

TEST(FieldRef, RefusesMalformedText) {
  for (std::string_view bad :
       {"", "[", "]", "[]", "[a", "a]", "a[b]", "[a]b", "[a][]", "[[a]", "[a]]", "[foo]][bar]",
        "[this[is]terrible]", "[[foo][bar]nope][baz]", "[nope[foo][bar]][baz]", "[[[[[[[[[[[]"}) {
    EXPECT_FALSE(FieldRef::parse(bad)) << bad;
  }
}

TEST(FieldRef, FlattensEmbeddedReferences) {
  auto batch = Batch::make();
  Event event = event_of(*batch, R"({"a":{"b":{"c":1}}})");
  for (std::string_view text : {"[a][b][c]", "[[a][b]][c]", "[[a]][b][c]", "[[[a][b][c]]]"})
    EXPECT_EQ(event.get(ref(text))->integer(), 1) << text;
}

}  // namespace
}  // namespace millrace
