#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace millrace::beats {

/// Who broke the protocol or a limit, so that the log says it once for each address in a while
/// instead of once for each try. Bounded; time is told to it. Not thread-safe.
class Offenders {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes kQuiet{1};
  static constexpr std::size_t kMostRemembered = 4096;

  /// How many times the same address offended unmentioned; nullopt: mention it not now.
  std::optional<std::uint64_t> mention(const std::string& address, Time now);

 private:
  struct Offender {
    Time mentioned;
    std::uint64_t unmentioned = 0;
  };
  std::unordered_map<std::string, Offender> known_;
};

}  // namespace millrace::beats
