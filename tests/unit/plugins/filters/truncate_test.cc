#include "plugins/filters/truncate.h"

#include <gtest/gtest.h>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

struct Cut {
  std::string event;
  bool matched;
  friend bool operator==(const Cut&, const Cut&) = default;
  friend void PrintTo(const Cut& cut, std::ostream* out) {
    *out << cut.event << (cut.matched ? " matched" : "");
  }
};

Cut cut(const std::string& options, const std::string& event) {
  const MadeFilter filter(truncate_filter(), "truncate { " + options + " }");
  if (!filter.made) return {filter.messages(), false};
  const Filtered out = filtered(*filter.made, {event});
  return {out.events.at(0), out.matched.size() == 1};
}

std::string refusal(const std::string& options) { return cut(options, "{}").event; }

TEST(TruncateFilter, CutsEveryTextOfAnEvent) {
  EXPECT_EQ(cut("length_bytes => 3", R"({"a":"12345","b":{"c":[["1234"],{"d":"123"}]},"e":""})"),
            (Cut{R"({"a":"123","b":{"c":[["123"],{"d":"123"}]},"e":""})", true}));
  EXPECT_EQ(cut("length_bytes => 0", R"({"a":"12","tags":["x"]})"),
            (Cut{R"({"a":"","tags":[""]})", true}));
}

TEST(TruncateFilter, LeavesWhatIsNoTextAndMetadata) {
  const std::string event =
      R"({"a":12345,"b":1.2345,"c":true,"d":null,"e":123456789012345678901234567890,"f":[],)"
      R"("g":{},"@metadata":{"h":"12345"}})";
  EXPECT_EQ(cut("length_bytes => 3", event), (Cut{event, false}));
  EXPECT_EQ(cut("length_bytes => 3 fields => ['[@metadata][h]', '@timestamp', 'b']", event),
            (Cut{event.substr(0, event.rfind("12345")) + R"(123"}})", true}));
}

TEST(TruncateFilter, MatchesOnlyEventsOfWhichSomethingWasCut) {
  EXPECT_EQ(cut("length_bytes => 5", R"({"a":"12345","b":["1"]})"),
            (Cut{R"({"a":"12345","b":["1"]})", false}));
  EXPECT_EQ(cut("length_bytes => 5 fields => ['b']", R"({"a":"123456"})"),
            (Cut{R"({"a":"123456"})", false}));
}

TEST(TruncateFilter, CutsNamedFieldsOnly) {
  EXPECT_EQ(cut("length_bytes => 2 fields => ['a', '[b][c]', '[d][1]', none]",
                R"({"a":"123","b":{"c":{"x":"123"},"y":"123"},"d":["123","123"]})"),
            (Cut{R"({"a":"12","b":{"c":{"x":"12"},"y":"123"},"d":["123","12"]})", true}));
  EXPECT_EQ(cut("length_bytes => 2 fields => 'a'", R"({"a":"123","b":"123"})"),
            (Cut{R"({"a":"12","b":"123"})", true}));
}

TEST(TruncateFilter, FillsReferencesIntoNames) {
  EXPECT_EQ(cut("length_bytes => 2 fields => ['[%{of}][b]', '%{none}']",
                R"({"of":"abc","abc":{"b":"123"}})"),
            (Cut{R"({"of":"abc","abc":{"b":"12"}})", true}));
}

TEST(TruncateFilter, TagsAnEventThatMakesANameMalformed) {
  EXPECT_EQ(cut("length_bytes => 2 fields => ['[%{of}]', 'a']", R"({"of":"][","a":"123"})"),
            (Cut{R"({"of":"][","a":"12","tags":["_truncate_error"]})", false}));
}

TEST(TruncateFilter, DividesNoCharacter) {
  const std::string text = "aä€😀";  // of 1, 2, 3 and 4 bytes
  const std::size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
  for (std::size_t bytes = 0; bytes <= text.size(); ++bytes)
    EXPECT_EQ(cut("length_bytes => " + std::to_string(bytes), R"({"a":")" + text + "\"}").event,
              R"({"a":")" + text.substr(0, ends[bytes]) + "\"}");
}

TEST(TruncateFilter, CutsBytesThatAreNoText) {
  const MadeFilter filter(truncate_filter(), "truncate { length_bytes => 10 }");
  const auto batch = Batch::make();
  Event event = batch->add(Timestamp{0});
  const std::string bytes(1000, '\x80');
  event.put(name::message, batch->copy(bytes));
  const Selection all{event.at()};
  Selection matched;
  FilterRun run{*batch, all, nullptr, matched};
  filter.made->apply(run);
  const std::size_t left = event.get(name::message)->text().size();
  EXPECT_LE(left, 10u);
  EXPECT_GE(left, 7u);
}

/// A clone of an event, then `options` on the first of the two.
Texts cut_beside_a_clone(const std::string& options, const std::string& event) {
  const MadeFilter filter(truncate_filter(), "truncate { " + options + " }");
  const auto batch = Batch::make();
  const Event original = add_event(*batch, event);
  batch->add_child(original.at(), batch->copy_fields(original.at()));
  const Selection first{original.at()};
  Selection matched;
  FilterRun run{*batch, first, nullptr, matched};
  filter.made->apply(run);
  return as_json(*batch);
}

TEST(TruncateFilter, LeavesWhatIsSharedWithAnotherEvent) {
  const std::string event = R"({"a":{"b":[{"c":"123"},{"d":"1"},"123"]}})";
  const std::string all = R"({"a":{"b":[{"c":"12"},{"d":"1"},"12"]}})";
  const std::string one = R"({"a":{"b":[{"c":"12"},{"d":"1"},"123"]}})";
  EXPECT_EQ(cut_beside_a_clone("length_bytes => 2", event), (Texts{all, event}));
  EXPECT_EQ(cut_beside_a_clone("length_bytes => 2 fields => 'a'", event), (Texts{all, event}));
  EXPECT_EQ(cut_beside_a_clone("length_bytes => 2 fields => '[a][b]'", event), (Texts{all, event}));
  EXPECT_EQ(cut_beside_a_clone("length_bytes => 2 fields => '[a][b][0]'", event),
            (Texts{one, event}));
  EXPECT_EQ(cut_beside_a_clone("length_bytes => 2 fields => '[a][b][0][c]'", event),
            (Texts{one, event}));
}

TEST(TruncateFilter, RefusesWhatCannotWork) {
  EXPECT_NE(refusal("").find("length_bytes"), std::string::npos);
  EXPECT_NE(refusal("length_bytes => -1").find("at least 0"), std::string::npos);
  EXPECT_NE(refusal("length_bytes => long").find("a whole number"), std::string::npos);
  EXPECT_NE(refusal("length_bytes => 1 fields => ['a', '[b']").find("[b"), std::string::npos);
}

}  // namespace
}  // namespace millrace
