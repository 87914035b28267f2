#include <fmt/format.h>

#include "pipeline/observe/log.h"
#include "plugins/mirror/provenance.h"
#include "plugins/mirror/shard.h"
#include "plugins/support/kafka/journal.h"

namespace millrace::mirror {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostAtOnce = 1000;
constexpr milliseconds kIdle{100};
constexpr milliseconds kBusy{10};
/// Waiting for reports of what must be settled before the next step; then the clients are made
/// anew.
constexpr std::chrono::seconds kSettleLimit{30};
constexpr milliseconds kRecoverPause{200};
constexpr milliseconds kProveLimit{1000};
/// Of records that were refused together. A group that is good costs a round trip; one that is not,
/// aborted transactions and new clients, so that halves would take the longest.
constexpr std::size_t kGroups = 16;

std::size_t payload_of(const kafka::Message& message) {
  return message.value().value_or("").size() + message.key().value_or("").size();
}

std::size_t bytes_of(const kafka::Message& message) {
  constexpr std::size_t kOverhead = 256;  // the library's and ours for a record
  return kOverhead + payload_of(message);
}

}  // namespace

/// One turn: records in, reports out, and positions where it is time for them.
Step Shard::round() {
  const bool full = bytes_under_way_ >= settings_.most_bytes_under_way();
  const bool waits = full || !context_.rate.is_open(Clock::now());
  if (!waits) {
    milliseconds wait = under_way_ == 0 ? kIdle : kBusy;
    if (in_transaction_) wait = std::min(wait, settings_.options.txn_interval);
    read(wait);
  }
  take_reports(waits ? kBusy : milliseconds(0));
  take_troubles();
  if (failed_) return recover();
  const FlowOptions& o = settings_.options;
  const bool complete =
      settings_.exactly_once() &&
      (txn_records_ >= static_cast<std::size_t>(o.txn_records) || txn_bytes_ >= o.txn_bytes.count);
  return complete || Clock::now() >= store_due_ ? store_positions() : Step::go_on;
}

void Shard::read(milliseconds wait) {
  fetched_.clear();
  reader_->poll(kMostAtOnce, wait, fetched_);
  for (kafka::Message& message : fetched_.messages) {
    if (failed_) break;  // what is left is fetched again
    pass_on(std::move(message));
  }
  if (failed_) return;
  for (const kafka::NextOffset& end : fetched_.ends) {
    const auto found = tracks_.find(end.partition);
    // Behind the last record there may be markers and aborted records, which nobody sees.
    if (found != tracks_.end() && found->second->runs())
      found->second->next = std::max(found->second->next, end.offset);
  }
}

Track* Shard::track_of(const kafka::Message& message) {
  if (last_track_ && last_track_->source.partition == message.partition() &&
      last_track_->source.topic == message.topic())
    return last_track_;
  const auto found = tracks_.find({std::string(message.topic()), message.partition()});
  return last_track_ = found == tracks_.end() ? nullptr : found->second.get();
}

void Shard::pass_on(kafka::Message message) {
  Track* const track = track_of(message);
  if (!track || !track->runs() || message.offset() < track->next) return;
  if (message.offset() == track->stop_at) {
    wait_for_group(*track);
    if (!failed_) set_aside(*track, std::move(message));
    return;
  }
  if (track->kept.count(message.offset()) > 0) {
    track->next = message.offset() + 1;
    return;
  }
  if (message.offset() > track->next) {
    ++context_.books.gaps;
    context_.books.gap_offsets += static_cast<std::uint64_t>(message.offset() - track->next);
  }
  ++context_.books.read;
  context_.rate.take(payload_of(message));
  track->next = message.offset() + 1;
  track->newest_ms = message.timestamp_ms().value_or(track->newest_ms);
  headers_.clear();
  if (must_drop(message)) {
    ++context_.books.dropped;
    return;
  }
  send(*track, std::move(message));
}

bool Shard::must_drop(const kafka::Message& message) {
  if (!settings_.marks_hops()) return false;
  message.headers(headers_);
  const bool circles =
      goes_in_circles(headers_, context_.source_id, context_.target_id, settings_.options.max_hops);
  headers_.clear();
  return circles;
}

void Shard::send(Track& track, kafka::Message message) {
  const std::size_t bytes = bytes_of(message);
  if (is_too_much(track, bytes) || opens_groups(track, message.offset())) wait_for_group(track);
  if (settings_.exactly_once() && !failed_) broken_ = begin_transaction();
  if (failed_ || broken_ != Step::go_on) {
    failed_ = true;
    ++context_.books.given_back;
    track.next = message.offset();
    return;
  }
  // One of a run now and then is enough of a witness.
  if (!track.witness_ahead || track.next - track.witness_ahead->offset > 500)
    track.witness_ahead = Witness::of(message);
  if (settings_.marks_hops()) headers_.push_back({kHopHeader, context_.source_id});
  if (settings_.options.source_position_header) {
    origin_.assign(track.origin).append(fmt::format_int(message.offset()).c_str());
    headers_.push_back({kSourceHeader, origin_});
  }
  const std::int64_t time = message.timestamp_ms().value_or(0);
  if (time <= 0) ++context_.books.timestamps_replaced;
  Ticket& ticket = track.tickets.emplace_back(&track, std::move(message), bytes);
  int code = 0;
  const kafka::Taken taken = producer_->forward(
      {ticket.message, track.handle, track.source.partition, time, headers_, &ticket}, code);
  ++under_way_;
  bytes_under_way_ += bytes;
  track.bytes += bytes;
  ++txn_records_;
  txn_bytes_ += bytes;
  const bool large = bytes > track.most_bytes;
  const bool careful = track.is_doubtful(ticket.offset);
  if (taken != kafka::Taken::yes) settle(ticket, {&ticket, code, -1, -1});
  if (large || (careful && track.tickets.size() >= track.group)) wait_for_group(track);
  if (!settings_.exactly_once() && !track.proven) prove(track);
}

/// Brokers refuse a batch that is larger than a record of its topic may be, and what is behind it
/// then overtakes it. So a record that may be too large goes alone, and a topic with a small limit
/// gets no larger batches.
bool Shard::is_too_much(const Track& track, std::size_t bytes) {
  const bool small = track.most_bytes < kMostBatchBytes;
  return !track.tickets.empty() &&
         (bytes > track.most_bytes || (small && track.bytes + bytes > track.most_bytes));
}

/// The first record of the groups does not go with those in front of it, which are good.
bool Shard::opens_groups(const Track& track, std::int64_t offset) {
  return track.is_doubtful(offset) && !track.tickets.empty() &&
         !track.is_doubtful(track.tickets.back().offset);
}

/// A broker that does not know this producer yet may refuse its first request and take the second,
/// and the records change places. So the first record goes alone; a partition whose broker takes
/// its time holds up the others for a moment only. (An aborted transaction keeps the order by
/// itself.)
void Shard::prove(Track& track) {
  const auto until = Clock::now() + kProveLimit;
  while (!track.proven && !failed_ && !is_late() && Clock::now() < until) take_reports(kBusy);
  track.proven = track.proven || !failed_;
}

/// Records around one that was refused go in groups that do not mix, so that it is found.
void Shard::wait_for_group(Track& track) {
  const auto until = Clock::now() + kSettleLimit;
  while (!failed_ && !track.tickets.empty() && !is_late() && Clock::now() < until)
    take_reports(kBusy);
  failed_ = failed_ || !track.tickets.empty();
}

void Shard::take_reports(milliseconds wait) {
  reports_.clear();
  producer_->poll(wait, reports_);
  if (guard_) guard_->poll(milliseconds(0), reports_);
  for (const kafka::DeliveryReport& report : reports_) {
    if (report.tag) {
      settle(*static_cast<Ticket*>(report.tag), report);
    } else {
      --positions_under_way_;
      position_failed_ = position_failed_ || report.code != 0;
    }
  }
}

void Shard::settle(Ticket& ticket, const kafka::DeliveryReport& report) {
  Track& track = *ticket.track;
  --under_way_;
  bytes_under_way_ -= ticket.bytes;
  track.bytes -= ticket.bytes;
  ticket.code = report.code;
  ticket.reported = true;
  const kafka::Message message = std::move(ticket.message);
  if (report.code != 0) {
    failed_ = true;
    return;
  }
  track.delivered_ms = message.timestamp_ms().value_or(track.delivered_ms);
  track.proven = true;
  if (report.offset <= track.sync_target && track.runs())
    stop_track(track, fmt::format("{}/{} on the target went back from offset {} to {}: it was "
                                  "deleted, cut back, or is written by others",
                                  track.target_topic, track.source.partition, track.sync_target,
                                  report.offset));
  track.sync_source = ticket.offset;
  track.sync_target = report.offset;
  if (ticket.offset >= track.pair_due) {
    track.pairs.add({ticket.offset, report.offset});
    track.pair_due = ticket.offset + kPairSpacing;
  }
  if (!settings_.exactly_once()) {
    ++context_.books.mirrored;
    context_.books.bytes += ticket.bytes;
  }
  while (!track.tickets.empty() && track.tickets.front().reported &&
         track.tickets.front().code == 0)
    track.tickets.pop_front();
}

void Shard::stop_track(Track& track, std::string why) {
  log::error(component_, "{}/{} is STOPPED at offset {}: {}", track.source.topic,
             track.source.partition, track.frontier(), why);
  track.stopped = std::move(why);
  if (reader_) reader_->pause({&track.source, 1});
}

/// The target will never take this record: its partition stops in front of it, or goes on behind
/// it when it is a dead letter.
void Shard::set_aside(Track& track, kafka::Message message) {
  if (!context_.letters) return stop_track(track, track.stop_why);
  headers_.clear();
  message.headers(headers_);
  const auto outcome = context_.letters->keep({.topic = message.topic(),
                                               .partition = message.partition(),
                                               .offset = message.offset(),
                                               .timestamp_ms = message.timestamp_ms(),
                                               .key = message.key(),
                                               .value = message.value(),
                                               .headers = headers_,
                                               .target = track.target_topic,
                                               .code = track.stop_code,
                                               .why = track.stop_why});
  headers_.clear();
  if (outcome == Letters::Outcome::never)
    return stop_track(track, track.stop_why + "; the dead-letter queue cannot take it either");
  if (outcome == Letters::Outcome::later) {
    reader_->pause({&track.source, 1});
    track.letter = std::move(message);
    return;
  }
  log::warn(component_, "{}/{}: {}; it is a dead letter", track.source.topic,
            track.source.partition, track.stop_why);
  ++context_.books.read;
  ++context_.books.dead_letters;
  track.kept.insert(message.offset());
  track.next = message.offset() + 1;
  track.stop_at = -1;
  store_due_ = {};  // what is stored is not kept twice
}

void Shard::set_aside_again() {
  for (const auto& [place, track] : tracks_) {
    if (!track->letter) continue;
    kafka::Message message = std::move(*track->letter);
    track->letter.reset();
    set_aside(*track, std::move(message));
    reopen_ = reopen_ || !track->letter;
  }
}

/// What the source says of a partition in place of records.
void Shard::take_troubles() {
  std::vector<Track*> suspects;
  for (const auto& trouble : fetched_.troubles) {
    const auto found = tracks_.find(trouble.partition);
    if (found == tracks_.end() || !found->second->runs()) continue;
    log::warn(component_, "{}/{}: the source says: {}", trouble.partition.topic,
              trouble.partition.partition, trouble.text);
    found->second->absent = true;  // until it was looked at
    suspects.push_back(found->second.get());
  }
  fetched_.troubles.clear();
  if (!suspects.empty()) examine_doubtful();
}

/// A record was not delivered: it goes back to the last one that is known to be there.
Step Shard::recover() {
  if (const Step broken = std::exchange(broken_, Step::go_on); broken != Step::go_on)
    return broken == Step::fenced ? broken : Step::restart;
  if (settings_.exactly_once()) return recover_transaction();
  if (const auto fatal = producer_->fatal_error()) {
    log::warn(component_, "{}; a new producer goes on from what was acknowledged", *fatal);
    return Step::restart;
  }
  if (!wait_for_reports(Clock::now() + kSettleLimit)) return Step::restart;
  failed_ = false;
  for (const auto& [place, track] : tracks_) {
    if (track->tickets.empty()) continue;
    blame(*track);
    for (const Ticket& ticket : track->tickets) context_.books.given_back += ticket.code != 0;
    track->rewind(track->frontier());
  }
  reopen_ = true;
  return pause(kRecoverPause) ? Step::go_on : Step::restart;
}

Step Shard::recover_transaction() {
  // The refusal may be reported after the records behind it, which the library takes no more.
  const Step aborted = abort_transaction();
  for (const auto& [place, track] : tracks_) blame(*track);
  if (aborted != Step::go_on) return aborted;
  for (const auto& [place, track] : tracks_) track->rewind(track->committed());
  failed_ = false;
  reopen_ = true;
  return pause(kRecoverPause) ? Step::go_on : Step::restart;
}

/// Why records were refused decides what happens to their partition. What was under way with them
/// is reported as an error too, which says nothing of a record.
void Shard::blame(Track& track) {
  const Ticket* worst = nullptr;
  const Ticket* first = nullptr;
  std::size_t refused = 0;
  for (const Ticket& ticket : track.tickets) {
    if (ticket.code == 0) continue;
    const Fate fate = fate_of(ticket.code);
    if (!worst || fate_of(worst->code) < fate) worst = &ticket;
    if (fate != Fate::alone) continue;
    if (!first) first = &ticket;
    ++refused;
  }
  if (!worst) return;
  const std::string_view advice = kafka::advice(worst->code);
  std::string why =
      fmt::format("offset {}: `{}` on the target: {}{}{}", worst->offset, track.target_topic,
                  kafka::describe_error(worst->code), advice.empty() ? "" : "; ", advice);
  switch (fate_of(worst->code)) {
    case Fate::stop:
      return stop_track(track, std::move(why));
    case Fate::alone:
      if (refused > 1) return divide(track, first->offset, refused);
      track.stop_at = worst->offset;
      track.stop_code = worst->code;
      track.stop_why = std::move(why);
      return;
    default:
      log::warn(component_, "{}/{}: {}; it is tried again", track.source.topic,
                track.source.partition, why);
  }
}

/// Brokers refuse batches as a whole: so many records from `first` on were refused, of which at
/// least one is at fault. Smaller and smaller groups find the first.
void Shard::divide(Track& track, std::int64_t first, std::size_t refused) {
  const bool again = track.is_doubtful(first);
  track.group =
      std::max<std::size_t>(1, std::min(again ? track.group : refused, refused) / kGroups);
  track.careful_from = first;
  track.careful_until = std::max(track.careful_until, track.tickets.back().offset + 1);
}

}  // namespace millrace::mirror
