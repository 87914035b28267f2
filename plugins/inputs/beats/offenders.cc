#include "plugins/inputs/beats/offenders.h"

namespace millrace::beats {

std::optional<std::uint64_t> Offenders::mention(const std::string& address, Time now) {
  const auto known = known_.find(address);
  if (known == known_.end()) {
    if (known_.size() >= kMostRemembered)
      std::erase_if(known_,
                    [&](const auto& entry) { return now - entry.second.mentioned > kQuiet; });
    if (known_.size() < kMostRemembered) known_.emplace(address, Offender{now});
    return 0;
  }
  Offender& offender = known->second;
  if (now - offender.mentioned <= kQuiet) {
    ++offender.unmentioned;
    return std::nullopt;
  }
  const std::uint64_t unmentioned = offender.unmentioned;
  offender = {now};
  return unmentioned;
}

}  // namespace millrace::beats
