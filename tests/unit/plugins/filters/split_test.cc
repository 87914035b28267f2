#include "plugins/filters/split.h"

#include <gtest/gtest.h>

#include "plugins/filters/mutate.h"
#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

Texts pieces(const std::string& options, const std::string& event, std::size_t matched) {
  const MadeFilter filter(split_filter(), "split { " + options + " }");
  if (!filter.made) return {filter.messages()};
  const Filtered out = filtered(*filter.made, {event});
  EXPECT_EQ(out.matched.size(), matched) << options << event;
  return out.events;
}

TEST(SplitFilter, SplitsTexts) {
  EXPECT_EQ(pieces("", R"({"message":"a\n\nb\n"})", 2),
            (Texts{R"({"message":"a"})", R"({"message":"b"})"}));
  EXPECT_EQ(pieces("", R"({"message":"a"})", 0), (Texts{R"({"message":"a"})"}));
  EXPECT_EQ(pieces("", R"({"message":""})", 0), Texts{});
  EXPECT_EQ(pieces("", R"({"message":"\n"})", 0), Texts{});
  EXPECT_EQ(pieces("field => '[x][y]' terminator => ', '", R"({"x":{"y":"a, b","z":1}})", 2),
            (Texts{R"({"x":{"y":"a","z":1}})", R"({"x":{"y":"b","z":1}})"}));
  EXPECT_EQ(pieces("terminator => ' ' target => 't'", R"({"message":" a \t b"})", 2),
            (Texts{R"({"message":" a \t b","t":"a"})", R"({"message":" a \t b","t":"b"})"}));
}

TEST(SplitFilter, SplitsLists) {
  EXPECT_EQ(pieces("field => 'a'", R"({"a":[1,null,"",{"x":[2]}],"b":3})", 2),
            (Texts{R"({"a":1,"b":3})", R"({"a":{"x":[2]},"b":3})"}));
  EXPECT_EQ(pieces("field => 'a'", R"({"a":[]})", 0), Texts{});
}

TEST(SplitFilter, TagsWhatCannotBeSplit) {
  for (const char* event : {R"({"a":1)", R"({"a":null)", R"({"a":{"b":1})", R"({"b":1)"})
    EXPECT_EQ(pieces("field => 'a'", event + std::string("}"), 0),
              (Texts{event + std::string(R"(,"tags":["_split_type_failure"]})")}));
}

TEST(SplitFilter, KeepsAnEventThatWouldTakeAllMemory) {
  std::string event = "{";
  for (int i = 0; i < 5000; ++i) event += "\"k" + std::to_string(i) + "\":0,";
  event += "\"message\":\"";
  for (int i = 0; i < 5000; ++i) event += "x\\n";
  const Texts out = pieces("", event + "\"}", 0);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_NE(out[0].find("_split_limit_failure"), std::string::npos);
}

TEST(SplitFilter, PiecesDoNotShareWhatIsWrittenLater) {
  const MadeFilter split(split_filter(), "split { field => 'a' target => 't' }");
  const MadeFilter write(mutate_filter(), "mutate { replace => { '[t][x]' => new } }");
  const auto batch = Batch::make();
  const Selection all{add_event(*batch, R"({"a":[{"x":1},{"x":2}]})").at()};
  Selection matched;
  const auto scratch = split.made->make_scratch();
  FilterRun run{*batch, all, scratch.get(), matched};
  split.made->apply(run);
  const auto workspace = write.made->make_scratch();
  const Selection first{run.out.at(0)};
  FilterRun second{*batch, first, workspace.get(), matched};
  write.made->apply(second);
  EXPECT_EQ(as_json(*batch), (Texts{R"({"a":[{"x":1},{"x":2}],"t":{"x":"new"}})",
                                    R"({"a":[{"x":1},{"x":2}],"t":{"x":2}})"}));
}

TEST(SplitFilter, RefusesAnEmptyTerminator) {
  EXPECT_NE(pieces("terminator => ''", "{}", 0).at(0).find("is empty"), std::string::npos);
}

}  // namespace
}  // namespace millrace
