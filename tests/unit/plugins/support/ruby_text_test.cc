#include "plugins/support/ruby_text.h"

#include <gtest/gtest.h>

#include "pipeline/event/json_read.h"

namespace millrace {
namespace {

std::string shown(std::string_view json) {
  const auto batch = Batch::make();
  JsonReader reader;
  const auto value = reader.read(batch->arena().copy(json), *batch);
  Buffer out;
  if (value) append_to_s(*batch, *value, out);
  return std::string(out.view());
}

TEST(AppendToS, ShowsValuesAsRubyDoes) {
  EXPECT_EQ(shown(R"("a\"b")"), "a\"b");
  EXPECT_EQ(shown("null"), "");
  EXPECT_EQ(shown("true"), "true");
  EXPECT_EQ(shown("100000.0"), "100000.0");
  EXPECT_EQ(shown("1e20"), "1.0e+20");
  EXPECT_EQ(shown(R"({"k":["a",null,1.0e-5]})"), R"({"k"=>["a", nil, 1.0e-05]})");
}

}  // namespace
}  // namespace millrace
