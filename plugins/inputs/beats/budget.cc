#include "plugins/inputs/beats/budget.h"

#include <algorithm>

namespace millrace::beats {

Budget::Account::~Account() {
  budget_.in_flight_ -= in_flight_;
  --budget_.accounts_;
  budget_.changed(0, unsent_ + in_flight_);
}

void Budget::Account::set_unsent(std::size_t bytes) {
  const std::size_t before = unsent_.exchange(bytes);
  budget_.changed(bytes, before);
}

void Budget::Account::add_in_flight(std::size_t bytes) {
  in_flight_ += bytes;
  budget_.in_flight_ += bytes;
  budget_.changed(bytes, 0);
}

void Budget::Account::remove_in_flight(std::size_t bytes) {
  in_flight_ -= bytes;
  budget_.in_flight_ -= bytes;
  budget_.changed(0, bytes);
}

bool Budget::Account::may_read() const {
  if (budget_.used_ < budget_.half_) return true;
  return bytes() < budget_.half_ / std::max<std::size_t>(budget_.accounts_, 1);
}

void Budget::changed(std::size_t more, std::size_t less) {
  if (more >= less) {
    used_ += more - less;
    return;
  }
  used_ -= less - more;
  if (waited_for_.exchange(false) && on_room_) on_room_();
}

}  // namespace millrace::beats
