#include "pipeline/cli/replay_flights.h"

#include <utility>

namespace millrace::cli {

std::uint64_t Flights::depart(const Batch& batch, std::vector<dlq::LetterId> letters) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = ++last_;
  flying_[number] = {std::move(letters), {}};
  numbers_[&batch] = number;
  return number;
}

void Flights::acknowledged(SourcePosition position) noexcept {
  const std::lock_guard lock(mutex_);
  const auto flight = flying_.find(position.partition);
  if (flight == flying_.end()) return;
  landed_.push_back(std::move(flight->second));
  flying_.erase(flight);
  std::erase_if(numbers_, [&](const auto& entry) { return entry.second == position.partition; });
}

std::size_t Flights::write(std::span<const DeadLetter> letters,
                           std::span<DeadLetterOutcome> outcomes) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    outcomes[i] = DeadLetterOutcome::kept;
    const auto number = numbers_.find(&letters[i].batch);
    if (number == numbers_.end()) continue;
    if (!flying_[number->second].refused.insert(letters[i].at).second) continue;
    std::string code(letters[i].reason.code.substr(0, DeadLetterReason::kMostCodeBytes));
    if (refusals_.size() >= kMostCodes && !refusals_.contains(code)) code = "(others)";
    ++refusals_[std::move(code)];
  }
  return letters.size();
}

std::vector<Flight> Flights::take_landed() {
  const std::lock_guard lock(mutex_);
  return std::exchange(landed_, {});
}

std::map<std::string, std::uint64_t> Flights::refusals() const {
  const std::lock_guard lock(mutex_);
  return refusals_;
}

}  // namespace millrace::cli
