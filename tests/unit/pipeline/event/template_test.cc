#include "pipeline/event/template.h"

#include <gtest/gtest.h>

#include "pipeline/event/batch.h"
#include "pipeline/event/json_read.h"

namespace millrace {
namespace {

Value json(Batch& batch, std::string_view text) {
  JsonReader reader;
  auto value = reader.read(batch.arena().copy(text), batch);
  EXPECT_TRUE(value) << text;
  return *value;
}

Event event_of(Batch& batch, std::string_view text) {
  Event event = batch.add(Timestamp{0});
  event.merge_document(json(batch, text).object());
  return event;
}

TEST(Template, ShowsEveryTypeAsText) {
  auto batch = Batch::make();
  Event event = event_of(
      *batch, R"({"s":"x","i":-1,"f":1.0,"b":true,"l":[1,["a",null]],"o":{"k":"v"},"n":null,
          "m":[{"k":[1,null,"x"],"e":{}},{}]})");
  const auto text = [&](std::string_view source) {
    Buffer out;
    auto parsed = Template::parse(source);
    EXPECT_TRUE(parsed) << source;
    parsed->append(event, out);
    return std::string(out.view());
  };
  EXPECT_EQ(text("%{s} %{i} %{f} %{b}"), "x -1 1.0 true");
  EXPECT_EQ(text("%{l}"), "1,a,");
  EXPECT_EQ(text("%{o}"), R"({"k":"v"})");
  EXPECT_EQ(text("%{m}"), "{k=[1, null, x], e={}},{}");
  EXPECT_EQ(text("%{[o][k]}%{missing}"), "v%{missing}");
  EXPECT_EQ(text("%{+YYYY.MM.dd} %{+%s}"), "1970.01.01 0");
  EXPECT_EQ(text("%{{yyyy}} %{@timestamp}"), "1970 1970-01-01T00:00:00.000Z");
  EXPECT_EQ(text("no %{closing"), "no %{closing");
  EXPECT_EQ(text("%{} %{+} %{+%}"), "0 0 0");
  EXPECT_EQ(text("%{{yyyy} %{s}}}"), "%{{yyyy} x}}");
  EXPECT_EQ(text("%{{yyyy}"), "%{{yyyy}");
  ASSERT_TRUE(event.remove(*FieldRef::parse("@timestamp")));
  EXPECT_EQ(text("<%{+YYYY}%{+%s}%{{yyyy}}> %{@timestamp}"), "<> %{@timestamp}");
}

}  // namespace
}  // namespace millrace
