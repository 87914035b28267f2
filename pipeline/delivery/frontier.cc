#include "pipeline/delivery/frontier.h"

#include <cassert>

namespace millrace {

std::uint64_t Frontier::open(std::uint64_t position) {
  assert(entries_.empty() || entries_.back().position <= position);
  entries_.push_back({position});
  return first_ + entries_.size() - 1;
}

std::optional<std::uint64_t> Frontier::settle(std::uint64_t number) {
  assert(number >= first_ && number - first_ < entries_.size());
  entries_[number - first_].settled = true;
  std::optional<std::uint64_t> moved;
  while (!entries_.empty() && entries_.front().settled) {
    moved = entries_.front().position;
    entries_.pop_front();
    ++first_;
  }
  return moved;
}

}  // namespace millrace
