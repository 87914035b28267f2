#include "data.h"

#include <algorithm>

namespace grok::native {

std::int32_t Data::append(std::size_t size) {
  const std::size_t at = bytes_.size();
  bytes_.resize(at + (size + kAlign - 1) / kAlign * kAlign);
  return static_cast<std::int32_t>(at);
}

Data::ByteTest Data::test(const Bytes& set) {
  const auto [known, fresh] = tests_.try_emplace(set);
  if (!fresh) return known->second;
  if (open_bits_ == 8) {
    open_table_ = append(256);
    open_bits_ = 0;
  }
  const auto bits = static_cast<std::uint8_t>(1u << open_bits_++);
  for (std::size_t b = 0; b < 256; ++b)
    if (set[b] != 0) bytes_[static_cast<std::size_t>(open_table_) + b] |= bits;
  return known->second = {open_table_, bits};
}

std::int32_t Data::block(const std::array<std::uint8_t, 16>& bytes) {
  const auto [known, fresh] = blocks_.try_emplace(bytes);
  if (!fresh) return known->second;
  known->second = append(bytes.size());
  std::copy(bytes.begin(), bytes.end(), bytes_.begin() + known->second);
  return known->second;
}

std::int32_t Data::filled(std::uint8_t value) {
  std::array<std::uint8_t, 16> bytes;
  bytes.fill(value);
  return block(bytes);
}

std::int32_t Data::table(const std::array<std::uint8_t, 256>& bytes) {
  const auto [known, fresh] = tables_.try_emplace(bytes);
  if (!fresh) return known->second;
  known->second = append(bytes.size());
  std::copy(bytes.begin(), bytes.end(), bytes_.begin() + known->second);
  return known->second;
}

std::int32_t Data::room(std::size_t values) { return append(4 * values); }

void Data::put(std::int32_t at, std::size_t index, std::int32_t value) {
  const auto bits = static_cast<std::uint32_t>(value);
  for (std::size_t i = 0; i < 4; ++i)
    bytes_[static_cast<std::size_t>(at) + 4 * index + i] = static_cast<std::uint8_t>(bits >> 8 * i);
}

}  // namespace grok::native
