#include "pipeline/event/real_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <string>

namespace millrace {
namespace {

std::string java(double number) {
  char text[kRealTextBytes];
  return {text, write_java_real(number, text)};
}

std::string ruby(double number) {
  char text[kRealTextBytes];
  return {text, write_ruby_real(number, text)};
}

TEST(RealText, IsWrittenAsEachLanguageDoes) {
  const struct {
    double number;
    const char* java;
    const char* ruby;
  } cases[] = {
      {0, "0.0", "0.0"},
      {-0.0, "-0.0", "-0.0"},
      {1, "1.0", "1.0"},
      {-12.25, "-12.25", "-12.25"},
      {0.1, "0.1", "0.1"},
      {0.001, "0.001", "0.001"},
      {0.00012, "1.2E-4", "0.00012"},
      {0.00001, "1.0E-5", "1.0e-05"},
      {100000, "100000.0", "100000.0"},
      {9999999, "9999999.0", "9999999.0"},
      {10000000, "1.0E7", "10000000.0"},
      {123456789.25, "1.2345678925E8", "123456789.25"},
      {1e15, "1.0E15", "1000000000000000.0"},
      {1e16, "1.0E16", "1.0e+16"},
      {-1.5e300, "-1.5E300", "-1.5e+300"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(java(test.number), test.java);
    EXPECT_EQ(ruby(test.number), test.ruby);
  }
}

TEST(RealText, HoldsTheExtremesAndReadsBack) {
  using Limits = std::numeric_limits<double>;
  for (const double number : {Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min(),
                              -2.2250738585072011e-308, 1.7976931348623157e-300, 1.0 / 3}) {
    EXPECT_LE(java(number).size(), kRealTextBytes);
    EXPECT_EQ(std::strtod(java(number).c_str(), nullptr), number);
    EXPECT_EQ(std::strtod(ruby(number).c_str(), nullptr), number);
  }
}

}  // namespace
}  // namespace millrace
