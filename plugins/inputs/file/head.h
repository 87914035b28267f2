#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// How the content of a file begins: tells it from another one that has its inode by now, and from
/// what stands in it since it was cut. Two files that agree in their first kMost bytes are the same
/// to it.
struct Head {
  static constexpr std::size_t kMost = 1024;

  std::uint32_t bytes = 0;  ///< how much of the file it knows; 0: nothing, which any file has
  std::uint64_t hash = 0;

  /// Of as much of `content` as counts.
  static Head of(std::string_view content);
  /// Is this how `content`, the beginning of a file of at least kMost bytes or all of it, begins?
  bool begins(std::string_view content) const;

  friend bool operator==(const Head&, const Head&) = default;
};

/// The first bytes of a file, up to Head::kMost; "" where they cannot be read.
std::string read_head(int fd);
std::string read_head(const std::string& path);

/// Are two files the same in their first `size` bytes, as far as their beginnings and the end of
/// that tell? False for less than Head::kMost bytes, which say little.
bool is_alike_up_to(std::uint64_t size, const std::string& path, const std::string& other);

}  // namespace millrace
