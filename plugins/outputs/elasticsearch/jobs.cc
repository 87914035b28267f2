#include "plugins/outputs/elasticsearch/jobs.h"

#include <algorithm>

namespace millrace::elasticsearch {

std::chrono::milliseconds Backoff::pause(unsigned tries, std::mt19937_64& random) const {
  const auto doubled = initial * (std::int64_t{1} << std::min(tries, 16u));
  const auto limit = std::max(std::chrono::milliseconds(1), std::min(doubled, most));
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::int64_t>(0, limit.count())(random));
}

void JobQueue::add(Delivery delivery, Clock::time_point now) {
  const auto& parcel = static_cast<const BulkParcel&>(*delivery.parcel);
  const std::size_t bytes = delivery.footprint() + parcel.footprint();
  const auto actions = static_cast<std::uint32_t>(parcel.actions.size());
  const std::size_t refused = parcel.refused.size();
  shipments_.push_back({std::move(delivery), bytes, actions + refused});
  if (actions > 0) fresh_.push_back({&shipments_.back(), 0, actions});
  if (refused == 0) return;
  refused_.push_back(&shipments_.back());
  settle_refusals(now);
}

/// Hands over what the encoder refused; what cannot be kept now is tried again.
void JobQueue::settle_refusals(Clock::time_point now) {
  constexpr std::chrono::seconds kPause{1};
  std::erase_if(refused_, [&](Shipment* shipment) {
    std::vector<Rejected> rejected;
    const std::vector<Refusal>& refusals = shipment->parcel().refused;
    for (std::size_t at = shipment->refused; at < refusals.size(); ++at)
      rejected.push_back(
          {shipment->delivery, refusals[at].event, 0, refusals[at].code, refusals[at].reason, {}});
    const std::size_t kept = on_rejected_(rejected);
    Selection events;
    for (std::size_t at = 0; at < kept; ++at) events.push_back(rejected[at].event);
    shipment->delivery.settle(events, Verdict::dead_lettered);
    shipment->refused += kept;
    shipment->unsettled -= kept;
    if (kept < rejected.size()) return false;
    if (shipment->unsettled == 0) release(*shipment);
    return true;
  });
  refusals_due_ = now + kPause;
}

void JobQueue::release(Shipment& shipment) {
  released_ += shipment.bytes;
  shipments_.remove_if([&](const Shipment& one) { return &one == &shipment; });
}

bool JobQueue::waits() const {
  return std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return !job.in_flight; });
}

Clock::time_point JobQueue::due() const {
  auto due = refused_.empty() ? Clock::time_point::max() : refusals_due_;
  for (const Job& job : jobs_)
    if (!job.in_flight) due = std::min(due, job.not_before);
  return due;
}

Job* JobQueue::next(Clock::time_point now) {
  if (!refused_.empty() && refusals_due_ <= now) settle_refusals(now);
  const auto ready = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) {
    return !job.in_flight && job.not_before <= now;
  });
  Job* const job = ready != jobs_.end() ? &*ready : make_job();
  if (!job) return nullptr;
  build_body(*job);
  job->in_flight = true;
  return job;
}

/// May the action go with this job? If so, the job holds its document.
bool JobQueue::hold_key(const Action& action, const Job& job) {
  if (action.key == 0) return true;
  const auto [holder, is_new] = keys_.try_emplace(action.key, Holder{job.number, 0});
  if (holder->second.job != job.number) return false;
  ++holder->second.actions;
  return true;
}

void JobQueue::release_key(const Action& action) {
  if (action.key == 0) return;
  const auto holder = keys_.find(action.key);
  if (holder != keys_.end() && --holder->second.actions == 0) keys_.erase(holder);
}

/// Moves what fits from the run to the job; the rest goes to `left`. False: the job is full.
bool JobQueue::take(Run run, Job& job, std::size_t& bytes, std::deque<Run>& left) {
  const auto leave = [&](std::uint32_t first, std::uint32_t count) {
    const bool joins = !left.empty() && left.back().shipment == run.shipment &&
                       left.back().first + left.back().count == first;
    if (joins)
      left.back().count += count;
    else
      left.push_back({run.shipment, first, count});
  };
  const std::vector<Action>& actions = run.shipment->parcel().actions;
  const Action& last = actions[run.first + run.count - 1];
  const std::size_t run_bytes = last.begin + last.size - actions[run.first].begin;
  // Whole runs were compressed already; only one that is too large by itself is cut.
  const bool fits =
      bytes + run_bytes <= most_bytes() && job.unsettled.size() + run.count <= limits_.most_actions;
  if (!fits && !job.unsettled.empty()) return leave(run.first, run.count), false;
  for (std::uint32_t at = run.first; at < run.first + run.count; ++at) {
    const Action& action = actions[at];
    const bool full = !job.unsettled.empty() && (bytes + action.size > most_bytes() ||
                                                 job.unsettled.size() >= limits_.most_actions);
    if (full) return leave(at, run.first + run.count - at), false;
    if (!hold_key(action, job)) {
      leave(at, 1);
      continue;
    }
    bytes += action.size;
    job.unsettled.push_back({run.shipment, at});
  }
  return true;
}

Job* JobQueue::make_job() {
  if (fresh_.empty()) return nullptr;
  Job& job = jobs_.emplace_back();
  job.number = ++made_;
  std::size_t bytes = 0;
  std::deque<Run> left;  // waits for other jobs, or came after this one was full
  bool room = true;
  while (room && !fresh_.empty()) {
    const Run run = fresh_.front();
    fresh_.pop_front();
    room = take(run, job, bytes, left);
  }
  fresh_.insert(fresh_.begin(), left.begin(), left.end());
  if (!job.unsettled.empty()) return &job;
  jobs_.pop_back();
  return nullptr;
}

/// The beginning of `unsettled` that a request may hold, as views of the parcels.
void JobQueue::build_body(Job& job) {
  job.body.emplace(level_);
  job.actions.clear();
  std::size_t bytes = 0;
  std::size_t at = 0;
  while (at < job.unsettled.size()) {
    const ActionRef first = job.unsettled[at];
    const BulkParcel& parcel = first.shipment->parcel();
    std::size_t run = 0;  // neighbours in the parcel are neighbours in its body
    std::size_t run_bytes = 0;
    bool full = false;
    for (; at + run < job.unsettled.size(); ++run) {
      const ActionRef ref = job.unsettled[at + run];
      if (ref.shipment != first.shipment || ref.at != first.at + run) break;
      const Action& action = ref.action();
      full =
          at + run >= job.most || (at + run > 0 && bytes + run_bytes + action.size > most_bytes());
      if (full) break;
      run_bytes += action.size;
      job.actions.push_back(action);
    }
    const std::string_view plain = parcel.body.view().substr(first.action().begin, run_bytes);
    if (run_bytes == parcel.body.size())
      job.body->add(plain, parcel.deflated);
    else
      job.body->add(plain);
    bytes += run_bytes;
    at += run;
    if (full) break;
  }
  job.sent = at;
  job.body->finish();
}

/// Hands the actions at `places` of the job over to the dead letters; how many of them are settled.
std::size_t JobQueue::reject(const Job& job, std::span<const ItemAnswer> items,
                             std::span<const std::size_t> places) {
  std::vector<Rejected> rejected;
  for (const std::size_t place : places) {
    const ActionRef& ref = job.unsettled[place];
    const ItemAnswer& item = items[place];
    const Action& action = ref.action();
    rejected.push_back({ref.shipment->delivery, action.event, item.status, item.error_type,
                        item.reason,
                        ref.shipment->parcel().body.view().substr(action.begin, action.size)});
  }
  const std::size_t kept = rejected.empty() ? 0 : on_rejected_(rejected);
  for (std::size_t at = 0; at < kept; ++at)
    mark_settled(job.unsettled[places[at]], Verdict::dead_lettered);
  return kept;
}

void JobQueue::mark_settled(const ActionRef& ref, Verdict verdict) {
  Shipment& shipment = *ref.shipment;
  std::vector<std::uint32_t>& list = shipment.settling[static_cast<int>(verdict)];
  const auto none = [](const auto& any) { return any.empty(); };
  if (list.empty() && std::all_of(std::begin(shipment.settling), std::end(shipment.settling), none))
    touched_.push_back(&shipment);
  list.push_back(ref.at);
  release_key(ref.action());
}

/// Counts. True: the action is settled, but for dead letters, which are handed over together.
bool JobQueue::settle(const ItemAnswer& item, Fate fate, Tally& tally) {
  switch (fate) {
    case Fate::delivered:
      ++tally.delivered;
      if (item.failure_store) ++tally.failure_store;
      return true;
    case Fate::absorbed:
      ++tally.absorbed;
      return true;
    case Fate::drop:
      ++tally.dropped;
      return true;
    case Fate::dead_letter:
      return false;
    case Fate::unknown:
      ++tally.unknown;
      return false;
    case Fate::retry:
      ++tally.busy;
      break;
    case Fate::wait:
      ++tally.waiting;
      break;
  }
  if (tally.status == 0 || fate == Fate::wait) {
    tally.status = item.status;
    tally.reason = item.error_type + (item.reason.empty() ? "" : ": ") + item.reason;
  }
  return false;
}

/// One call for each shipment and verdict, whatever the number of actions.
void JobQueue::settle_marked() {
  for (Shipment* const shipment : touched_) {
    for (int verdict = 0; verdict < 3; ++verdict) {
      std::vector<std::uint32_t>& list = shipment->settling[verdict];
      if (list.empty()) continue;
      shipment->unsettled -= list.size();
      if (list.size() == shipment->delivery.events().size()) {
        shipment->delivery.settle(static_cast<Verdict>(verdict));
      } else {
        std::sort(list.begin(), list.end());
        for (std::uint32_t& at : list) at = shipment->parcel().actions[at].event;
        shipment->delivery.settle(list, static_cast<Verdict>(verdict));
      }
      list.clear();
    }
    if (shipment->unsettled == 0) release(*shipment);
  }
  touched_.clear();
}

void JobQueue::drop_settled(Job& job, const std::vector<bool>& settled) {
  std::size_t kept = 0;
  for (std::size_t at = 0; at < job.unsettled.size(); ++at)
    if (at >= settled.size() || !settled[at]) job.unsettled[kept++] = job.unsettled[at];
  job.unsettled.resize(kept);
}

void JobQueue::end_if_done(Job& job) {
  if (job.unsettled.empty()) jobs_.remove_if([&](const Job& one) { return &one == &job; });
}

Tally JobQueue::answered(Job& job, std::span<const ItemAnswer> items, Clock::time_point now) {
  Tally tally;
  std::vector<bool> settled(items.size());
  std::vector<std::size_t> rejected;
  for (std::size_t at = 0; at < items.size(); ++at) {
    const Fate fate = decide_item(job.actions[at], items[at], policy_);
    settled[at] = settle(items[at], fate, tally);
    if (settled[at])
      mark_settled(job.unsettled[at], fate == Fate::drop ? Verdict::dropped : Verdict::delivered);
    else if (fate == Fate::dead_letter)
      rejected.push_back(at);
  }
  tally.dead_lettered = reject(job, items, rejected);
  for (std::size_t at = 0; at < tally.dead_lettered; ++at) settled[rejected[at]] = true;
  tally.not_kept = rejected.size() - tally.dead_lettered;
  finish_request(job, settled, now);
  return tally;
}

void JobQueue::finish_request(Job& job, const std::vector<bool>& settled, Clock::time_point now) {
  const bool progress = std::find(settled.begin(), settled.end(), true) != settled.end();
  const bool all = std::find(settled.begin(), settled.end(), false) == settled.end();
  drop_settled(job, settled);
  job.body.reset();
  settle_marked();
  job.in_flight = false;
  job.resets = 0;
  job.tries = progress ? 0 : job.tries + 1;
  job.not_before = all ? now : now + backoff_.pause(job.tries, random_);
  if (all) {
    // What was halved grows again, and what was learned about sizes is tried again.
    if (job.most <= std::numeric_limits<std::size_t>::max() / 2) job.most *= 2;
    if (learned_bytes_ < limits_.target_bytes && ++successes_ % 100 == 0)
      learned_bytes_ += learned_bytes_ / 20 + 1;
  }
  end_if_done(job);
}

void JobQueue::put_back(Job& job, Clock::time_point not_before) {
  job.body.reset();
  job.in_flight = false;
  job.not_before = not_before;
  ++job.tries;
}

void JobQueue::put_back_for_a_while(Job& job, Clock::time_point now) {
  put_back(job, now + backoff_.pause(job.tries, random_));
}

void JobQueue::broken(Job& job, Clock::time_point now) {
  constexpr unsigned kTooMany = 3;
  const std::size_t sent = job.sent;
  put_back(job, now);
  if (++job.resets < kTooMany) return;
  job.resets = 0;
  job.most = std::max<std::size_t>(1, sent / 2);
}

void JobQueue::halve(Job& job, const ItemAnswer& refusal, Clock::time_point now) {
  if (job.sent > 1) {
    job.most = job.sent / 2;
    job.body.reset();
    job.in_flight = false;
    job.not_before = now;
    return;
  }
  constexpr std::size_t kFirst[] = {0};
  const bool kept = reject(job, {&refusal, 1}, kFirst) == 1;
  finish_request(job, {kept}, now);
}

void JobQueue::learn_too_large(std::size_t plain_size) {
  learned_bytes_ = std::min(learned_bytes_, plain_size - plain_size / 5);
  successes_ = 0;
}

}  // namespace millrace::elasticsearch
