#include "plugins/support/field_name.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

/// The field that `name` means for `event`, as JSON; "none", or "malformed".
std::string field(const FieldName& name, const std::string& event) {
  const auto batch = Batch::make();
  const Event made = add_event(*batch, event);
  std::optional<FieldRef> holder;
  const FieldRef* const ref = name.of(made, holder);
  if (!ref) return "malformed";
  const Value* const value = made.get(*ref);
  if (!value) return "none";
  Buffer out;
  write_json(*batch, *value, out);
  return std::string(out.view());
}

TEST(FieldName, IsCompletedByEachEvent) {
  const FieldName name = FieldName::parse("[%{of}][b]").value();
  EXPECT_EQ(field(name, R"({"of":"x","x":{"b":1}})"), "1");
  EXPECT_EQ(field(name, R"({"of":"y","x":{"b":1}})"), "none");
  EXPECT_EQ(field(name, R"({"of":"]["})"), "malformed");
  EXPECT_EQ(field(FieldName::parse("[a][b]").value(), R"({"a":{"b":1}})"), "1");
}

TEST(FieldName, IsTakenAsItIsWritten) {
  EXPECT_EQ(field(FieldName::as_written("%{of}"), R"({"of":"x","x":1,"%{of}":2})"), "2");
  EXPECT_EQ(field(FieldName::as_written("[a"), R"({"a":1})"), "malformed");
}

TEST(FieldName, RefusesWhatNoEventCanComplete) {
  EXPECT_FALSE(FieldName::parse("[a"));
  EXPECT_FALSE(FieldName::parse("%{[a}"));
}

}  // namespace
}  // namespace millrace
