#pragma once

#include <cstddef>

namespace millrace {

/// Room that either form needs, in bytes.
inline constexpr std::size_t kRealTextBytes = 32;

/// Writes a finite double at `to` with the fewest digits that read back the same; returns the end.
/// As Java shows it, which is what templates and JSON have: 100000.0, 1.0E7, 1.5E-4.
char* write_java_real(double number, char* to);

/// The same digits as Ruby shows them, which is what filters match and join: 10000000.0, 1.0e+16,
/// 1.5e-05.
char* write_ruby_real(double number, char* to);

}  // namespace millrace
