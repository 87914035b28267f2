#include "pipeline/event/append_value.h"

#include <gtest/gtest.h>

#include "pipeline/event/batch.h"
#include "pipeline/event/json_write.h"

namespace millrace {
namespace {

std::string text_of(const Batch& batch, const Value* value) {
  if (!value) return "none";
  Buffer out;
  write_json(batch, *value, out);
  return std::string(out.view());
}

TEST(AppendValue, SetsAFieldThenMakesAListThenAddsToIt) {
  const auto batch = Batch::make();
  const Event event = batch->add(Timestamp{0});
  const FieldRef field = FieldRef::parse("[a][b]").value();
  for (const char* expected : {"0", "[0,1]", "[0,1,2]"}) {
    const Value* present = event.get(field);
    const std::int64_t next = !present ? 0 : present->is_array() ? present->array().size : 1;
    ASSERT_TRUE(append_value(event, field, Value::of(next)));
    EXPECT_EQ(text_of(*batch, event.get(field)), expected);
  }
}

TEST(AppendValue, MakesAListOfNullAndOfAnObjectAsRubyDoes) {
  const auto batch = Batch::make();
  Event event = batch->add(Timestamp{0});
  const FieldRef field = FieldRef::parse("a").value();
  ASSERT_TRUE(event.set(field, Value()));
  ASSERT_TRUE(append_value(event, field, Value::of(true)));
  EXPECT_EQ(text_of(*batch, event.get(field)), "[true]");
  const FieldRef object = FieldRef::parse("o").value();
  ASSERT_TRUE(event.set(FieldRef::parse("[o][k]").value(), Value::of(std::int64_t{1})));
  ASSERT_TRUE(append_value(event, object, Value::of(true)));
  EXPECT_EQ(text_of(*batch, event.get(object)), R"([["k",1],true])");
}

TEST(AppendValue, ChangesNoListThatAnotherEventHolds) {
  const auto batch = Batch::make();
  const FieldRef field = FieldRef::parse("a").value();
  const Event event = batch->add(Timestamp{0});
  ASSERT_TRUE(append_value(event, field, Value::of(std::int64_t{1})));
  ASSERT_TRUE(append_value(event, field, Value::of(std::int64_t{2})));
  const Event child = batch->add_child(0, batch->copy_fields(0));
  ASSERT_TRUE(append_value(child, field, Value::of(std::int64_t{3})));
  EXPECT_EQ(text_of(*batch, event.get(field)), "[1,2]");
  EXPECT_EQ(text_of(*batch, child.get(field)), "[1,2,3]");
}

TEST(AppendValue, IsRefusedWhereSettingTheFieldIs) {
  const auto batch = Batch::make();
  const Event event = batch->add(Timestamp{0});
  ASSERT_TRUE(append_value(event, FieldRef::parse("a").value(), Value::of(true)));
  EXPECT_FALSE(append_value(event, FieldRef::parse("[a][b]").value(), Value::of(true)));
  EXPECT_FALSE(append_value(event, FieldRef::parse("@timestamp").value(), Value::of(true)));
  EXPECT_EQ(text_of(*batch, event.get(FieldRef::parse("a").value())), "true");
}

}  // namespace
}  // namespace millrace
