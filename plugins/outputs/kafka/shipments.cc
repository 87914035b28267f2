#include "plugins/outputs/kafka/shipments.h"

#include <algorithm>

namespace millrace::kafka::out {

const Record& Ticket::record() const { return shipment->parcel().records[at]; }

std::string_view Ticket::topic() const { return shipment->parcel().view(record().topic); }

void Shipments::add(Delivery delivery, std::size_t bytes) {
  Shipment& shipment = shipments_.emplace_back(Shipment{std::move(delivery), bytes});
  const auto& records = shipment.parcel().records;
  shipment.tickets.resize(records.size());
  for (std::uint32_t at = 0; at < records.size(); ++at) {
    Ticket& ticket = shipment.tickets[at];
    ticket.shipment = &shipment;
    ticket.at = at;
    ticket.number = numbered_++;
    if (!records[at].refused.empty()) {
      ticket.state = Ticket::State::refused;
      continue;
    }
    ++shipment.open;
    fresh_.push_back(&ticket);
  }
  if (shipment.open == 0) done_.push_back(&shipment);
}

Ticket* Shipments::next(Clock::time_point now) {
  for (auto& [topic, hold] : holds_)
    if (!hold.waiting.empty() && hold.not_before <= now && hold.room > 0)
      return hold.waiting.begin()->second;
  while (!fresh_.empty()) {
    Ticket* const ticket = fresh_.front();
    const auto hold = holds_.find(ticket->topic());
    if (hold == holds_.end()) return ticket;
    hold->second.waiting.emplace(ticket->number, ticket);
    ticket->state = Ticket::State::waiting;
    fresh_.pop_front();
    if (hold->second.not_before <= now && hold->second.room > 0)
      return hold->second.waiting.begin()->second;
  }
  return nullptr;
}

void Shipments::sent(Ticket& ticket) {
  if (ticket.state == Ticket::State::waiting) {
    Hold& hold = holds_.find(ticket.topic())->second;
    hold.waiting.erase(ticket.number);
    ++hold.flying;
    --hold.room;
    ticket.held = true;
  } else {
    fresh_.pop_front();
  }
  ticket.state = Ticket::State::flying;
}

void Shipments::close(Ticket& ticket, Ticket::State verdict) {
  ticket.state = verdict;
  if (--ticket.shipment->open == 0) done_.push_back(ticket.shipment);
}

void Shipments::landed(Ticket& ticket, bool well) {
  if (!std::exchange(ticket.held, false)) return;
  const auto found = holds_.find(ticket.topic());
  Hold& hold = found->second;
  hold.went_wrong = hold.went_wrong || !well;
  if (--hold.flying > 0) return;
  if (hold.went_wrong)
    hold.most = std::max<std::size_t>(1, hold.most / 2);
  else if (hold.most < kMostHeld)
    hold.most *= 2;
  if (!hold.went_wrong) hold.pause = std::chrono::milliseconds(0);
  hold.room = hold.most;
  hold.went_wrong = false;
  if (hold.waiting.empty() && hold.most >= kMostHeld) holds_.erase(found);
}

void Shipments::delivered(Ticket& ticket) {
  close(ticket, Ticket::State::delivered);
  landed(ticket, true);
}

void Shipments::refused(Ticket& ticket, int code) {
  ticket.code = code;
  close(ticket, Ticket::State::refused);
  landed(ticket, true);
}

void Shipments::refused_with_others(Ticket& ticket, int code) {
  const auto known = holds_.find(ticket.topic());
  if (ticket.held && known->second.most == 1) return refused(ticket, code);
  Hold& hold = known != holds_.end() ? known->second : holds_[std::string(ticket.topic())];
  if (!ticket.held) hold.room = hold.most = std::min(hold.most, kFirstGroup);
  wait(ticket, hold);
  landed(ticket, false);
}

void Shipments::wait(Ticket& ticket, Hold& hold) {
  ticket.state = Ticket::State::waiting;
  hold.waiting.emplace(ticket.number, &ticket);
}

void Shipments::put_back(Ticket& ticket, Clock::time_point now) {
  Hold& hold = holds_[std::string(ticket.topic())];
  // Many come back at once from one request: only the first of them makes the pause longer.
  if (hold.not_before <= now) {
    hold.pause = std::clamp(hold.pause * 2, kFirstPause, kLongestPause);
    hold.not_before = now + hold.pause;
  }
  wait(ticket, hold);
  if (std::exchange(ticket.held, false) && --hold.flying == 0) hold.room = hold.most;
}

void Shipments::put_back_flying() {
  for (Shipment& shipment : shipments_)
    for (Ticket& ticket : shipment.tickets)
      if (ticket.state == Ticket::State::flying) {
        Hold& hold = holds_[std::string(ticket.topic())];
        wait(ticket, hold);
        if (std::exchange(ticket.held, false) && --hold.flying == 0) hold.room = hold.most;
      }
}

std::optional<Clock::time_point> Shipments::due() const {
  std::optional<Clock::time_point> first;
  for (const auto& [topic, hold] : holds_)
    if (!hold.waiting.empty() && hold.room > 0 && (!first || hold.not_before < *first))
      first = hold.not_before;
  return first;
}

void Shipments::settle_delivered(Shipment& shipment) {
  Selection events;
  for (Ticket& ticket : shipment.tickets)
    if (ticket.state == Ticket::State::delivered) {
      events.push_back(ticket.record().event);
      ticket.state = Ticket::State::kept;
    }
  if (events.size() == shipment.delivery.events().size())
    shipment.delivery.settle(Verdict::delivered);
  else
    shipment.delivery.settle(events, Verdict::delivered);
}

bool Shipments::settle_refused(Shipment& shipment, const Keep& keep) {
  std::vector<Ticket*> refused;
  for (Ticket& ticket : shipment.tickets)
    if (ticket.state == Ticket::State::refused) refused.push_back(&ticket);
  if (refused.empty()) return true;
  const std::size_t kept = keep(shipment.delivery, refused);
  for (Ticket* ticket : std::span(refused).first(kept)) ticket->state = Ticket::State::kept;
  return kept == refused.size();
}

std::size_t Shipments::settle(const Keep& keep) {
  std::size_t freed = 0;
  std::vector<Shipment*> staying;
  for (Shipment* shipment : std::exchange(done_, {})) {
    settle_delivered(*shipment);
    if (!settle_refused(*shipment, keep)) {
      staying.push_back(shipment);
      continue;
    }
    freed += shipment->bytes;
    shipments_.remove_if([&](const Shipment& one) { return &one == shipment; });
  }
  done_ = std::move(staying);
  return freed;
}

void Shipments::let_go() {
  for (Shipment& shipment : shipments_) settle_delivered(shipment);
  *this = Shipments();
}

}  // namespace millrace::kafka::out
