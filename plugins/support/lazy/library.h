#pragma once

#include <span>

namespace millrace {

using LazyEntry = void (*)();

/// Loads the shared library `soname` and puts the address of names[i] into table[i]; then makes the
/// table read-only. For the code that scripts/lazy-library writes.
///
/// `table` fills whole pages. Thread-safe: two threads that come at once write the same addresses.
/// Where the library or a function of it is missing, which its package rules out, it says so on
/// stderr and ends the process.
void load_library(const char* soname, std::span<const char* const> names,
                  std::span<LazyEntry> table);

}  // namespace millrace
