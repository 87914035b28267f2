#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace grok::testing {

enum class LineKind {
  combined,      ///< Apache's combined access log, 230 bytes in the mean
  combined_cut,  ///< the same without its last quote
  syslog,        ///< RFC 3164
  haproxy_http,  ///< HAProxy's HTTP log, as syslog carries it
  java_stack,    ///< one frame of a stack trace
  kilobyte,      ///< 1 KB of prose and numbers, an IPv4 address and `took N ms` at its end
  iso_level,     ///< ISO 8601 time, level, thread, message
  key_value,     ///< key=value pairs, some quoted
};
constexpr int kLineKinds = 8;

/// `count` different lines; the same for the same seed.
std::vector<std::string> make_lines(LineKind kind, std::size_t count, std::uint64_t seed);

}  // namespace grok::testing
