#include "plugins/support/ruby_number.h"

#include <gtest/gtest.h>

#include "pipeline/event/json_write.h"

namespace millrace {
namespace {

TEST(LeadingInteger, TakesWhatTheTextBeginsWith) {
  const auto batch = Batch::make();
  const auto read = [&](std::string_view text) {
    Buffer out;
    write_json(*batch, leading_integer(text, *batch), out);
    return std::string(out.view());
  };
  EXPECT_EQ(read("12abc"), "12");
  EXPECT_EQ(read(" -7.9"), "-7");
  EXPECT_EQ(read("+007"), "7");
  EXPECT_EQ(read("+-7"), "0");
  EXPECT_EQ(read("abc"), "0");
  EXPECT_EQ(read("1_000_0 s"), "10000");
  EXPECT_EQ(read("1__0"), "1");
  EXPECT_EQ(read("_1"), "0");
  EXPECT_EQ(read("-_1"), "0");
  EXPECT_EQ(read("-99999999999_9999999999"), "-999999999999999999999");
  EXPECT_EQ(read(""), "0");
  EXPECT_EQ(read("9223372036854775808"), "9223372036854775808");
  EXPECT_EQ(read("-00099999999999999999999 s"), "-99999999999999999999");
}

TEST(LeadingReal, KnowsNoWordsForNumbers) {
  EXPECT_EQ(leading_real("1.5e3x"), 1500);
  EXPECT_EQ(leading_real(".5"), 0.5);
  EXPECT_EQ(leading_real("nan"), 0);
  EXPECT_EQ(leading_real("-inf"), 0);
  EXPECT_EQ(leading_real("-"), 0);
  EXPECT_EQ(leading_real("0x1p3"), 0);
}

TEST(LeadingReal, TakesWhatTheTextBeginsWith) {
  EXPECT_EQ(leading_real(" -12"), -12);
  EXPECT_EQ(leading_real("1_000.5_5"), 1000.55);
  EXPECT_EQ(leading_real("._5"), 0.5);
  EXPECT_EQ(leading_real("_1"), 0);
  EXPECT_EQ(leading_real("1.e5"), 1);
  EXPECT_EQ(leading_real("1._"), 1);
  EXPECT_EQ(leading_real("1_e_+_3"), 1000);
  EXPECT_EQ(leading_real("1e+x"), 1);
  EXPECT_EQ(leading_real("1..5"), 1);
  EXPECT_EQ(leading_real("1e5e5"), 100000);
  EXPECT_EQ(leading_real(".e5"), 0);
}

}  // namespace
}  // namespace millrace
