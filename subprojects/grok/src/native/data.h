#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "../scan.h"

namespace grok::native {

/// Constants that the code reads, all of them at fixed distances from one address. Equal ones are
/// held once.
class Data {
 public:
  /// Tells whether a byte is in a set: `bits` at `table` + byte.
  struct ByteTest {
    std::int32_t table;
    std::uint8_t bits;
  };

  ByteTest test(const Bytes& set);
  /// 16 bytes, at a multiple of 16.
  std::int32_t block(const std::array<std::uint8_t, 16>& bytes);
  std::int32_t filled(std::uint8_t value);
  /// 256 bytes.
  std::int32_t table(const std::array<std::uint8_t, 256>& bytes);
  /// Room for 32-bit values.
  std::int32_t room(std::size_t values);
  void put(std::int32_t at, std::size_t index, std::int32_t value);

  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kAlign = 16;
  std::int32_t append(std::size_t size);

  std::vector<std::uint8_t> bytes_;
  std::map<Bytes, ByteTest> tests_;
  std::map<std::array<std::uint8_t, 16>, std::int32_t> blocks_;
  std::map<std::array<std::uint8_t, 256>, std::int32_t> tables_;
  std::int32_t open_table_ = 0;  // the last one for tests
  unsigned open_bits_ = 8;       // of it that are taken
};

}  // namespace grok::native
