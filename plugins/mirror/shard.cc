#include "plugins/mirror/shard.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/observe/log.h"
#include "pipeline/observe/thread_name.h"
#include "plugins/mirror/layout.h"

namespace millrace::mirror {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kLeaveLimit{10};
constexpr std::chrono::seconds kPatience{30};
constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{5000};
constexpr milliseconds kEverySecond{1000};

}  // namespace

Shard::Shard(const ShardContext& context, std::int32_t number)
    : context_(context),
      settings_(context.settings),
      number_(number),
      component_(fmt::format("{} shard {}", settings_.component(), number)),
      positions_topic_(settings_.positions_topic()) {}

Shard::~Shard() {
  finish();
  join();
}

void Shard::start() {
  thread_ = std::thread([this] {
    name_thread(fmt::format("shard {}", number_));
    work();
  });
}

void Shard::add(std::vector<Order> orders) {
  const std::lock_guard lock(mutex_);
  inbox_.insert(inbox_.end(), std::make_move_iterator(orders.begin()),
                std::make_move_iterator(orders.end()));
}

void Shard::distrust(const kafka::TopicPartition& partition) {
  const std::lock_guard lock(mutex_);
  distrusted_.push_back(partition);
}

void Shard::finish() {
  if (stop_.requested()) return;
  leave_by_.store(Clock::now() + kLeaveLimit);
  stop_.request();
}

void Shard::join() {
  if (thread_.joinable()) thread_.join();
}

bool Shard::is_late() const { return stop_.requested() && Clock::now() > leave_by_.load(); }

bool Shard::pause(milliseconds time) { return stop_.wait(time); }

std::vector<Standing> Shard::standings() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

void Shard::publish() {
  std::vector<Standing> now;
  std::vector<kafka::NextOffset> stored;
  for (const auto& [place, track] : tracks_) {
    now.push_back({place, track->target_topic, track->stored, track->newest_ms, track->delivered_ms,
                   track->sync_source, track->sync_target, track->witness, track->stopped,
                   track->pairs});
    if (track->stored >= 0) stored.push_back({place, track->stored});
  }
  if (reader_) reader_->commit(stored);
  const std::lock_guard lock(mutex_);
  published_ = std::move(now);
}

void Shard::work() {
  milliseconds wait = kFirstPause;
  while (!stop_.requested() && !fenced_) {
    const auto began = Clock::now();
    Step step = run();
    if (step == Step::fenced && !fenced_) step = after_fencing();
    tear_down();
    if (step == Step::fenced) break;
    if (Clock::now() - began > std::chrono::minutes(1)) wait = kFirstPause;
    if (!pause(wait)) break;
    wait = std::min(wait * 2, kLongestPause);
  }
}

/// One life of the clients: until something asks for new ones.
Step Shard::run() {
  if (auto made = make_clients(); !made) {
    log::error(component_, "{}", made.error().message);
    return Step::restart;
  }
  if (const Step step = take_over(); step != Step::go_on) return step;
  if (auto opened = open_reader(); !opened) {
    log::error(component_, "{}", opened.error().message);
    return Step::restart;
  }
  while (!stop_.requested()) {
    const auto now = Clock::now();
    const bool due = now >= orders_due_;
    if (const Step step = take_orders(due); step != Step::go_on) return step;
    if (due) {
      orders_due_ = now + kEverySecond;
      examine_doubtful();
      set_aside_again();
    }
    if (reopen_) {
      if (auto opened = open_reader(); !opened) return Step::restart;
    }
    if (const Step step = round(); step != Step::go_on) return step;
    if (now >= publish_due_) {
      publish_due_ = now + kEverySecond;
      publish();
    }
  }
  return leave();
}

Result<void> Shard::make_clients() {
  auto keeper = kafka::Producer::create(
      transactional_properties(settings_, static_cast<std::size_t>(number_)), component_);
  if (!keeper) return fail(std::move(keeper).error());
  if (settings_.exactly_once()) {
    producer_ = std::move(*keeper);
    return {};
  }
  guard_ = std::move(*keeper);
  auto producer = kafka::Producer::create(settings_.target_producer, component_);
  if (!producer) return fail(std::move(producer).error());
  producer_ = std::move(*producer);
  return {};
}

/// Older instances are fenced before anything is read: what they had open is ended then, and the
/// positions are the last word.
Step Shard::take_over() {
  for (;;) {
    const Step step = call(Call::init);
    if (step == Step::go_on) break;
    if (step != Step::again || stop_.requested()) return step;
  }
  auto positions = read_positions(settings_.target_reader, component_, positions_topic_, number_,
                                  kPatience, stop_);
  if (!positions) {
    log::warn(component_, "{}", positions.error().message);
    return Step::restart;
  }
  const auto place = has_place(*positions);
  if (!place) {
    log::warn(component_, "{}", place.error().message);
    return Step::restart;
  }
  if (!*place) {
    fenced_ = true;
    return Step::fenced;
  }
  // Its producer is fenced now, but it is newer: it will come back for the shard.
  if (was_owner_ && is_taken(*positions)) return give_up(positions->owner);
  const bool mine = positions->owner == context_.instance;
  known_ = std::move(positions->all);
  owned_ = false;
  for (auto at = tracks_.begin(); at != tracks_.end();) {
    Track& track = *at->second;
    track.handle = producer_->topic(track.target_topic);
    track.proven = false;
    const auto known = known_.find(at->first);
    if (known == known_.end()) {
      waiting_.push_back({track.source, track.target_topic, track.start, track.most_bytes});
      at = tracks_.erase(at);
      continue;
    }
    const std::int64_t ahead = mine && !settings_.exactly_once() ? track.next : -1;
    track.rewind(std::max(known->second.next, ahead));
    track.stored = known->second.next;
    track.witness = known->second.witness;
    ++at;
  }
  last_track_ = nullptr;
  return store_positions();
}

/// A new consumer for all that runs, from where each partition is: what the old one had fetched
/// ahead is dropped with it.
Result<void> Shard::open_reader() {
  // The library ends a consumer only when none of its messages is left.
  fetched_.clear();
  for (const auto& [place, track] : tracks_) track->letter.reset();  // it is fetched again
  if (reader_ && !wait_for_reports(Clock::now() + kPatience))
    return fail(Errc::timeout, "records that are under way get no answer");
  reader_.reset();
  auto reader = kafka::Reader::create(settings_.source, component_);
  if (!reader) return fail(std::move(reader).error());
  std::vector<kafka::NextOffset> starts;
  for (const auto& [place, track] : tracks_)
    if (track->runs()) starts.push_back({place, track->next});
  auto added = (*reader)->add(starts);
  if (!added) return fail(std::move(added).error());
  reader_ = std::move(*reader);
  reopen_ = false;
  return {};
}

void Shard::tear_down() {
  publish();
  producer_.reset();  // reads no more of the tickets
  guard_.reset();
  if (settings_.exactly_once()) context_.books.given_back += txn_records_;
  for (const auto& [place, track] : tracks_) {
    if (!settings_.exactly_once())
      for (const Ticket& ticket : track->tickets)
        context_.books.given_back += !ticket.reported || ticket.code != 0;
    track->rewind(track->frontier());
    track->handle = nullptr;
  }
  fetched_.clear();
  reader_.reset();  // none of its messages is left
  position_bytes_.clear();
  under_way_ = positions_under_way_ = bytes_under_way_ = txn_records_ = txn_bytes_ = 0;
  failed_ = position_failed_ = in_transaction_ = reopen_ = false;
}

/// `again`: those too that could not be carried out before.
Step Shard::take_orders(bool again) {
  {
    const std::lock_guard lock(mutex_);
    if (inbox_.empty() && !again) return Step::go_on;
    waiting_.insert(waiting_.end(), std::make_move_iterator(inbox_.begin()),
                    std::make_move_iterator(inbox_.end()));
    inbox_.clear();
  }
  if (waiting_.empty()) return Step::go_on;
  // Asked for one that is not there, the library waits for it, and all other partitions with it.
  const auto layout = context_.source.layout();
  if (!layout) return Step::go_on;
  const auto first_absent =
      std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Order& order) {
        return layout->partitions_of(order.source.topic) > order.source.partition;
      });
  if (first_absent == waiting_.begin()) return Step::go_on;
  auto begun = begin_tracks({waiting_.begin(), first_absent});
  if (!begun) {
    log::warn(component_, "{}; it is tried again", begun.error().message);
    return Step::go_on;
  }
  waiting_.erase(waiting_.begin(), first_absent);
  return *begun;
}

Result<Step> Shard::begin_tracks(const std::vector<Order>& orders) {
  std::vector<kafka::TopicPartition> places;
  for (const Order& order : orders) places.push_back(order.source);
  const auto begins = context_.source.begins(places);
  if (!begins) return begins.error();
  const auto ends = context_.source.ends(places);
  if (!ends) return ends.error();
  std::vector<std::unique_ptr<Track>> made;
  std::vector<Track*> resumed;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    auto track = std::make_unique<Track>();
    track->source = orders[i].source;
    track->target_topic = orders[i].target_topic;
    track->start = orders[i].start;
    track->origin =
        fmt::format("{}/{}/{}/", context_.source_id, track->source.topic, track->source.partition);
    track->most_bytes = orders[i].most_bytes;
    track->handle = producer_->topic(track->target_topic);
    if (const auto known = known_.find(track->source); known != known_.end()) {
      track->next = track->stored = known->second.next;
      track->witness = known->second.witness;
      resumed.push_back(track.get());
    } else {
      const auto first = first_offset(orders[i], {(*begins)[i], (*ends)[i]});
      if (!first) return first.error();
      track->next = *first;
      if (track->next < 0) track->stopped = "it has no position, and `start` is error";
    }
    track->first = track->next;
    made.push_back(std::move(track));
  }
  if (auto examined = examine(resumed); !examined) return examined.error();
  for (auto& track : made) {
    if (!track->stopped.empty())
      log::error(component_, "{}/{} is STOPPED: {}", track->source.topic, track->source.partition,
                 track->stopped);
    tracks_[track->source] = std::move(track);
  }
  last_track_ = nullptr;
  reopen_ = true;
  return store_positions();  // where a partition begins is fixed before its first record
}

Result<std::int64_t> Shard::first_offset(const Order& order, const Bounds& bounds) {
  if (order.start == Start::earliest) return bounds.begin;
  if (order.start == Start::latest) return bounds.end;
  if (order.start == Start::error) return -1;
  auto offsets = context_.source.offsets_at({&order.source, 1},
                                            settings_.options.start_timestamp_ms.value_or(0));
  if (!offsets) return fail(std::move(offsets).error());
  return offsets->front();
}

/// Compares positions with what the source has, and does what the options say where they differ.
Result<void> Shard::examine(const std::vector<Track*>& tracks) {
  if (tracks.empty()) return {};
  std::vector<kafka::TopicPartition> places;
  std::vector<Question> questions;
  for (const Track* track : tracks) {
    places.push_back(track->source);
    if (track->witness) questions.push_back({track->source, *track->witness});
  }
  const auto begins = context_.source.begins(places);
  if (!begins) return begins.error();
  const auto ends = context_.source.ends(places);
  if (!ends) return ends.error();
  const auto other = contradicted(settings_.source, component_, questions, kPatience, stop_);
  if (!other) return other.error();
  std::size_t question = 0;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    Track& track = *tracks[i];
    const Bounds bounds{(*begins)[i], (*ends)[i]};
    Anomaly anomaly = judge(track.next, bounds);
    if (track.witness && (*other)[question++]) anomaly = Anomaly::recreated;
    const Reaction reaction = react(anomaly, track.source, track.next, bounds, settings_.options);
    if (anomaly == Anomaly::none) continue;
    if (anomaly == Anomaly::purged) {
      const Gap gap{.place = track.source,
                    .first = track.next,
                    .last = bounds.begin - 1,
                    .skipped = !reaction.stops};
      gaps_[gap.key()] = gap;
    }
    if (reaction.stops) {
      stop_track(track, reaction.text);
      continue;
    }
    log::error(component_, "{}", reaction.text);
    track.rewind(reaction.next);
    if (anomaly == Anomaly::recreated) track.begin_again();
  }
  return {};
}

/// Partitions of which the source, or the flow, says that something is wrong. Those whose topic is
/// not there stay absent, and are looked at again.
void Shard::examine_doubtful() {
  {
    const std::lock_guard lock(mutex_);
    for (const kafka::TopicPartition& place : distrusted_)
      if (const auto found = tracks_.find(place); found != tracks_.end() && found->second->runs())
        found->second->absent = true;
    distrusted_.clear();
  }
  if (std::none_of(tracks_.begin(), tracks_.end(), [](auto& one) { return one.second->absent; }))
    return;
  // Asked for one that is not there, the library waits for it, and all other partitions with it.
  const auto layout = context_.source.layout();
  if (!layout) return;
  for (const auto& [place, track] : tracks_) {
    if (!track->absent || !track->tickets.empty()) continue;
    if (layout->partitions_of(place.topic) <= place.partition) continue;
    if (auto examined = examine({track.get()}); !examined) {
      if (examined.error().code != Errc::closed)
        log::debug(component_, "{}/{}: {}", place.topic, place.partition, examined.error().message);
      continue;
    }
    track->absent = false;
    reopen_ = true;
  }
}

/// Settles what is under way, and stores how far it came.
Step Shard::leave() {
  if (failed_ || !wait_for_reports(leave_by_.load())) return Step::restart;
  const Step step = failed_ ? Step::restart : store_positions();
  if (step == Step::go_on) publish();
  return step;
}

}  // namespace millrace::mirror
