#include "pipeline/plan/condition.h"

#include <gtest/gtest.h>

#include "pipeline/event/json_read.h"
#include "tests/unit/pipeline/config/reading.h"

namespace millrace {
namespace {

bool holds(const std::string& text, std::string_view document) {
  config::Reading reading = config::read("filter { if " + text + " { } }");
  EXPECT_EQ(reading.messages(), "") << text;
  const config::Branch* branch = reading.config.sections.at(0).statements.at(0).branch();
  const auto condition = Condition::compile(*branch->clauses.at(0).condition, reading.diagnostics);
  EXPECT_TRUE(condition) << text;
  if (!condition) return false;
  auto batch = Batch::make();
  JsonReader reader;
  const auto value = reader.read(batch->arena().copy(document), *batch);
  EXPECT_TRUE(value) << document;
  Event event = batch->add(Timestamp{0});
  event.merge_document(value->object());
  return condition->holds((*batch)[0]);
}

TEST(Condition, AFieldIsInAFieldAsTextOrAsOneOfAList) {
  const std::string_view event =
      R"({"s":"b","t":"abc","n":5,"five":"5","f":5.0,"l":["b",5,["b"]],"one":["b"],"o":{},"p":{}})";
  EXPECT_TRUE(holds("[s] in [t]", event));
  EXPECT_TRUE(holds("[s] in [l]", event));
  EXPECT_TRUE(holds("[n] in [l]", event));
  EXPECT_TRUE(holds("[n] in [five]", event));
  EXPECT_TRUE(holds("[five] in [n]", event));
  EXPECT_FALSE(holds("[five] in [l]", event));
  EXPECT_FALSE(holds("[n] in [t]", event));
  EXPECT_FALSE(holds("[f] in [n]", event));
  EXPECT_FALSE(holds("[missing] in [l]", event));
  EXPECT_FALSE(holds("[s] in [missing]", event));
}

TEST(Condition, NoListAndNoObjectIsInAField) {
  const std::string_view event = R"({"l":[["b"],{}],"one":["b"],"o":{},"p":{}})";
  EXPECT_FALSE(holds("[one] in [l]", event));
  EXPECT_FALSE(holds("[o] in [l]", event));
  EXPECT_FALSE(holds("[o] in [p]", event));
}

}  // namespace
}  // namespace millrace
