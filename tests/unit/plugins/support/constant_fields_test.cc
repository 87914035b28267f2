#include "plugins/support/constant_fields.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/support/plugin_harness.h"

namespace millrace {
namespace {

using Texts = std::vector<std::string>;

constexpr std::array<std::string_view, 2> kTexts{"/a", "here"};

ConstantFields origin() {
  ConstantFields fields;
  fields.add({"log", "file", "path"}, 0).add({"host", "name"}, 1).add({"host", "of"}, 0);
  return fields;
}

TEST(ConstantFields, CompletesWhatIsThereAndReplacesNothing) {
  const std::pair<std::string, std::string> cases[] = {
      {"{}", R"({"log":{"file":{"path":"/a"}},"host":{"name":"here","of":"/a"}})"},
      {R"({"host":"x","log":{"file":7}})", R"({"host":"x","log":{"file":7}})"},
      {R"({"log":{"file":{"no":1}},"host":{"name":"mine"}})",
       R"({"log":{"file":{"no":1,"path":"/a"}},"host":{"name":"mine","of":"/a"}})"},
  };
  for (const auto& [event, expected] : cases) {
    auto batch = Batch::make();
    add_event(*batch, event);
    origin().put_into(*batch, kTexts);
    EXPECT_EQ(as_json(*batch), Texts{expected});
  }
}

TEST(ConstantFields, ChangingThemInOneEventLeavesTheOthersAlone) {
  auto batch = Batch::make();
  for (int n = 0; n < 2; ++n) add_event(*batch, "{}");
  ConstantFields fields;
  fields.add({"host", "name"}, 1).put_into(*batch, kTexts);
  const FieldRef name = FieldRef::parse("[host][name]").value();
  ASSERT_TRUE((*batch)[0].set(name, batch->copy("changed")));
  EXPECT_EQ(as_json(*batch),
            (Texts{R"({"host":{"name":"changed"}})", R"({"host":{"name":"here"}})"}));
}

}  // namespace
}  // namespace millrace
