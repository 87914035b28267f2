#include <fmt/format.h>

#include "pipeline/observe/log.h"
#include "plugins/mirror/shard.h"

namespace millrace::mirror {
namespace {

using std::chrono::milliseconds;

/// Short: while a call waits no reports are taken, and abort needs them.
constexpr milliseconds kCallWait{200};
constexpr milliseconds kInitWait{5000};
constexpr milliseconds kPollWait{10};
constexpr std::chrono::seconds kReadPatience{30};
// What a newer instance may take from fencing this one to storing that it is the owner.
constexpr std::chrono::seconds kOwnerPatience{5};
constexpr milliseconds kOwnerPause{500};

std::string_view name_of(Call which) {
  switch (which) {
    case Call::init:
      return "taking over";
    case Call::begin:
      return "beginning a transaction";
    case Call::commit:
      return "committing";
    case Call::abort:
      return "aborting";
  }
  return "";
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Step Shard::call(Call which) {
  kafka::Transactions transactions(keeper());
  bool told = false;
  for (;;) {
    kafka::TransactionOutcome outcome;
    if (which == Call::init) outcome = transactions.init(kInitWait);
    if (which == Call::begin) outcome = transactions.begin();
    if (which == Call::commit) outcome = transactions.commit(kCallWait);
    if (which == Call::abort) outcome = transactions.abort(kCallWait);
    const bool overdue = in_transaction_ && Clock::now() > began_ + settings_.options.txn_timeout;
    const Step step = next_step(which, outcome, overdue);
    if (step == Step::go_on) return step;
    const bool slow = which == Call::init || Clock::now() > began_ + std::chrono::seconds(5);
    if (!told && (step != Step::again || slow)) {
      told = true;
      log::warn(component_, "{}: {}", name_of(which), outcome.text);
    }
    if (step != Step::again) return step;
    if (producer_) take_reports(milliseconds(0));
    if (is_late()) return Step::restart;
  }
}

Step Shard::begin_transaction() {
  if (in_transaction_) return Step::go_on;
  began_ = Clock::now();
  const Step step = call(Call::begin);
  if (step != Step::go_on) return step;
  in_transaction_ = true;
  txn_records_ = txn_bytes_ = 0;
  store_due_ = began_ + (settings_.exactly_once() ? settings_.options.txn_interval
                                                  : settings_.options.store_interval);
  // First, so that the partition of positions joins the transaction with that of the first record
  // and not alone when there is nothing else to do: that takes a timer, for which the library
  // spins.
  if (!put_position(std::string(PositionKey::kOwner), context_.instance)) position_failed_ = true;
  return Step::go_on;
}

/// False where a report is bad, or reports are missing by then.
bool Shard::wait_for_reports(Clock::time_point until) {
  while (under_way_ > 0 && !is_late() && Clock::now() < until) take_reports(kPollWait);
  return under_way_ == 0;
}

std::vector<Track*> Shard::moved() {
  std::vector<Track*> out;
  for (const auto& [place, track] : tracks_)
    if (track->frontier() >= 0 && track->frontier() != track->stored) out.push_back(track.get());
  return out;
}

bool Shard::put_position(const std::string& key, const std::string& value) {
  const std::string& bytes = position_bytes_.emplace_back(value);
  int code = 0;
  const auto taken = keeper().produce(
      {.topic = positions_topic_, .partition = number_, .key = key, .value = bytes}, code);
  positions_under_way_ += taken == kafka::Taken::yes;
  return taken == kafka::Taken::yes;
}

/// Ends the transaction of records, or makes one of positions alone.
Step Shard::store_positions() {
  const bool exactly = settings_.exactly_once();
  const auto until = (in_transaction_ ? began_ : Clock::now()) + settings_.options.txn_timeout;
  if (exactly && !wait_for_reports(until)) return Step::restart;
  if (exactly && failed_) return recover();
  const std::vector<Track*> tracks = moved();
  if (tracks.empty() && !in_transaction_ && owned_ && gaps_.empty()) {
    store_due_ = Clock::now() +
                 (exactly ? settings_.options.txn_interval : settings_.options.store_interval);
    return Step::go_on;
  }
  if (const Step begun = begin_transaction(); begun != Step::go_on)
    return begun == Step::abort ? Step::restart : begun;
  bool good = !position_failed_;
  std::vector<std::pair<Track*, Position>> written;
  for (Track* track : tracks) {
    track->pass_witness();
    const Position position{track->frontier(), now_ms(), track->witness};
    good = good && put_position(PositionKey::encode(track->source), encode(position));
    written.emplace_back(track, position);
  }
  for (const auto& [key, gap] : gaps_) good = good && put_position(key, encode(gap, now_ms()));
  while (positions_under_way_ > 0 && !position_failed_ && !is_late() && Clock::now() < until)
    take_reports(kPollWait);
  if (!good || positions_under_way_ > 0 || position_failed_) {
    if (exactly) return recover();
    const Step aborted = abort_transaction();
    return aborted;
  }
  const auto asked = Clock::now();
  const Step step = call(Call::commit);
  if (step == Step::abort) return exactly ? recover() : abort_transaction();
  if (step != Step::go_on) return step;
  in_transaction_ = false;
  owned_ = was_owner_ = true;
  gaps_.clear();
  position_bytes_.clear();
  for (const auto& [track, position] : written) {
    track->stored = position.next;
    track->kept.erase(track->kept.begin(), track->kept.lower_bound(position.next));
  }
  if (exactly) {
    context_.books.mirrored += txn_records_;
    context_.books.bytes += txn_bytes_;
    ++context_.books.transactions;
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - asked);
    context_.books.count_commit(static_cast<std::uint64_t>(took.count()));
    txn_records_ = txn_bytes_ = 0;
  }
  return Step::go_on;
}

Step Shard::abort_transaction() {
  ++context_.books.aborted;
  if (settings_.exactly_once()) context_.books.given_back += txn_records_;
  txn_records_ = txn_bytes_ = 0;
  if (!in_transaction_) return Step::go_on;
  const Step step = call(Call::abort);
  if (step != Step::go_on) return step;
  in_transaction_ = false;
  // What was purged is reported now.
  const auto until = Clock::now() + std::chrono::seconds(5);
  while ((positions_under_way_ > 0 || (settings_.exactly_once() && under_way_ > 0)) &&
         Clock::now() < until)
    take_reports(kPollWait);
  position_failed_ = false;
  if (positions_under_way_ > 0 || (settings_.exactly_once() && under_way_ > 0))
    return Step::restart;
  position_bytes_.clear();
  return Step::go_on;
}

/// False where a change of `shards` is on its way that began after this flow, or was made since.
Result<bool> Shard::has_place(const Positions& own) {
  std::optional<Layout> layout = own.layout;
  if (number_ != 0) {
    auto first = read_positions(settings_.target_reader, component_, positions_topic_, 0,
                                kReadPatience, stop_);
    if (!first) return fail(std::move(first).error());
    layout = first->layout;
  }
  if (!layout || *layout == Layout{static_cast<std::int32_t>(settings_.options.shards), 0})
    return true;
  log::error(component_,
             "another instance makes the flow `{}` one of {} shards; this one stops, nothing is "
             "doubled by it",
             settings_.options.flow, layout->next ? layout->next : layout->shards);
  return false;
}

bool Shard::is_taken(const Positions& stored) const {
  return !stored.owner.empty() && stored.owner != context_.instance;
}

/// The coordinator fences those who were silent for too long too: the stored owner tells. A newer
/// instance becomes it a moment after it has fenced this one, and who came back before that would
/// fence it in turn.
Step Shard::after_fencing() {
  const auto until = Clock::now() + kOwnerPatience;
  do {
    auto positions = read_positions(settings_.target_reader, component_,
                                    settings_.positions_topic(), number_, kReadPatience, stop_);
    if (positions && is_taken(*positions)) return give_up(positions->owner);
  } while (Clock::now() < until && pause(kOwnerPause));
  return Step::restart;
}

Step Shard::give_up(const std::string& owner) {
  log::error(component_,
             "another instance ({}) runs the flow `{}` now; this one stops, nothing is doubled by "
             "it",
             owner, settings_.options.flow);
  fenced_ = true;
  return Step::fenced;
}

}  // namespace millrace::mirror
