#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace millrace {

/// The content of a file in tests/data.
inline std::string test_data(const std::string& name) {
  std::ifstream file(std::string(MILLRACE_TEST_DATA "/") + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace millrace
