#include "plugins/inputs/kafka/member.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/observe/log.h"
#include "pipeline/observe/thread_name.h"

namespace millrace::kafka::in {
namespace {

using std::chrono::milliseconds;

/// Up to here a stalled pipeline is waited for with records fetched ahead; then they are given
/// back.
constexpr std::chrono::seconds kPauseAfter{1};
constexpr milliseconds kTick{20};
constexpr std::chrono::seconds kReportLag{60};
constexpr std::size_t kMostReported = 10;

std::size_t bytes_of(const Message& message) {
  constexpr std::size_t kOverhead = 256;  // the library's own for a record
  return kOverhead + message.value().value_or("").size() + message.key().value_or("").size();
}

}  // namespace

Member::Member(const Settings& settings, const MetadataNames& names, Partitions& partitions,
               Emitter& emitter)
    : settings_(settings), partitions_(partitions), emitter_(emitter), maker_(settings, names) {}

Result<std::unique_ptr<Member>> Member::create(const Settings& settings, std::size_t number,
                                               const MetadataNames& names, Partitions& partitions,
                                               Emitter& emitter) {
  std::unique_ptr<Member> member(new Member(settings, names, partitions, emitter));
  auto consumer = Consumer::create(settings.properties, settings.component, *member);
  if (!consumer) return fail(std::move(consumer).error());
  if (settings.assigned.empty()) {
    auto subscribed = (*consumer)->subscribe(settings.topics);
    if (!subscribed) return fail(std::move(subscribed).error().at("topics"));
  } else {
    const auto share = share_of(settings.assigned, number, settings.threads);
    auto assigned = (*consumer)->assign(share);
    if (!assigned) return fail(std::move(assigned).error().at("assign"));
    for (const TopicPartition& place : share) member->begin_partition(place);
  }
  member->consumer_ = std::move(*consumer);
  return member;
}

Member::~Member() {
  stop_emitting();
  leave();
}

void Member::start() {
  poller_ = std::thread([this] {
    name_thread("kafka poll");
    poll();
  });
  emitting_ = std::thread([this] {
    name_thread("kafka emit");
    emit();
  });
}

void Member::stop_emitting() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_all();
  if (emitting_.joinable()) emitting_.join();
}

void Member::leave() {
  {
    const std::lock_guard lock(mutex_);
    leaves_ = true;
  }
  changed_.notify_all();
  if (poller_.joinable()) poller_.join();
}

// The polling thread.

void Member::poll() {
  report_due_ = Clock::now() + kReportLag;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (leaves_) break;
    }
    if (wait_for_room()) fetch();
    const auto now = Clock::now();
    if (now >= commit_due_) {
      commit_due_ = now + settings_.commit_interval;
      commit_delivered(false);
    }
    if (now >= report_due_) {
      report_due_ = now + kReportLag;
      report_lag();
    }
  }
  leave_group();
}

/// What is delivered is committed first: of partitions that no group gave nothing is revoked.
void Member::leave_group() {
  if (!settings_.assigned.empty()) commit_delivered(true);
  consumer_->close();
}

/// True: there is room for more. While there is none the consumer is polled all the same, once a
/// stall has lasted: then its partitions are paused.
bool Member::wait_for_room() {
  const auto has_room = [&] { return queued_bytes_ < (paused_ ? kMostBytes / 2 : kMostBytes); };
  std::unique_lock lock(mutex_);
  const bool room = !stops_ && (has_room() || changed_.wait_for(lock, kTick, [&] {
    return leaves_ || (!stops_ && has_room());
  }));
  if (leaves_) return false;
  lock.unlock();
  const auto now = Clock::now();
  if (room) {
    full_since_ = {};
    if (std::exchange(paused_, false)) {
      log::info(settings_.component, "goes on: the pipeline takes records again");
      consumer_->resume();
    }
    return true;
  }
  if (full_since_ == Clock::time_point{}) full_since_ = now;
  if (now - full_since_ < kPauseAfter) return false;
  consumer_->pause();  // again and again: partitions may be new
  if (!std::exchange(paused_, true))
    log::info(settings_.component, "pauses: the pipeline takes nothing more; the group is kept");
  return true;
}

void Member::fetch() {
  fetched_.clear();
  ends_.clear();
  consumer_->poll(settings_.poll_records, settings_.poll_wait, fetched_, ends_);
  distribute(fetched_, ends_);
}

PartitionPtr Member::partition_of(const TopicPartition& place) const {
  const auto found = mine_.find(place);
  return found == mine_.end() ? nullptr : found->second;
}

/// nullptr: it was taken away meanwhile.
PartitionPtr Member::partition_for(const Message& message) {
  const TopicPartition place{std::string(message.topic()), message.partition()};
  PartitionPtr partition = partition_of(place);
  if (!partition || message.offset() >= partition->fetched) return partition;
  log::warn(settings_.component,
            "{}: offsets went back from {} to {}: the topic was made anew, or its offsets reset",
            partition->source, partition->fetched, message.offset());
  begin_partition(place);
  return partition_of(place);
}

void Member::distribute(std::vector<Message>& messages, std::span<const NextOffset> ends) {
  std::vector<Work> work;
  const auto work_of = [&](const PartitionPtr& partition) -> Work& {
    for (Work& one : work)
      if (one.partition == partition) return one;
    return work.emplace_back(Work{partition, {}, {}, 0});
  };
  PartitionPtr partition;
  Work* current = nullptr;
  for (Message& message : messages) {
    if (!partition || partition->place.partition != message.partition() ||
        partition->place.topic != message.topic() || message.offset() < partition->fetched) {
      partition = partition_for(message);
      if (!partition) continue;
      current = &work_of(partition);
    }
    if (partition->fetched < 0) begin_at(*partition, message.offset());
    partition->fetched = message.offset() + 1;
    current->bytes += bytes_of(message);
    current->messages.push_back(std::move(message));
  }
  // What lies between the last record and the end is nobody's: markers of transactions.
  for (const NextOffset& end : ends)
    if (PartitionPtr of = partition_of(end.partition); of && of->fetched < end.offset) {
      of->fetched = end.offset;
      work_of(of).end = end.offset;
    }
  hand_over(work);
}

void Member::hand_over(std::vector<Work>& work) {
  if (work.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (stops_) return;
    for (Work& one : work) {
      queued_bytes_ += one.bytes;
      queue_.push_back(std::move(one));
    }
  }
  changed_.notify_all();
}

void Member::commit_delivered(bool wait) {
  std::vector<NextOffset> offsets;
  const bool again = consumer_->take_commit_failure();
  for (const auto& [place, partition] : mine_) {
    if (again) partition->committed = -1;
    const std::int64_t delivered = partition->delivered.load(std::memory_order_acquire);
    if (delivered > partition->committed) offsets.push_back({place, delivered});
  }
  const auto committed = consumer_->commit(offsets, wait);
  if (!committed) {
    log::warn(settings_.component, "offsets were not committed: {}", committed.error().message);
    return;
  }
  for (const NextOffset& next : offsets) mine_[next.partition]->committed = next.offset;
}

void Member::report_lag() {
  struct Lag {
    std::int64_t records;
    const Partition* partition;
  };
  std::vector<Lag> lags;
  std::int64_t total = 0;
  for (const auto& [place, partition] : mine_) {
    const auto end = consumer_->end_of(place);
    const std::int64_t done = partition->delivered.load(std::memory_order_acquire);
    if (!end || done < 0 || done >= *end) continue;
    lags.push_back({*end - done, partition.get()});
    total += *end - done;
  }
  if (lags.empty()) return;
  std::sort(lags.begin(), lags.end(),
            [](const Lag& a, const Lag& b) { return a.records > b.records; });
  const std::int64_t now_ms = Timestamp::now().ns / 1'000'000;
  std::string text;
  for (const Lag& lag : std::span(lags).first(std::min(lags.size(), kMostReported))) {
    const std::int64_t newest = lag.partition->newest_ms.load(std::memory_order_relaxed);
    text += fmt::format("; {}: {}", lag.partition->source, lag.records);
    if (newest >= 0)
      text += fmt::format(", {} s", std::max<std::int64_t>(0, now_ms - newest) / 1000);
  }
  log::info(settings_.component, "lag of {} partition(s): {} records{}", lags.size(), total, text);
}

void Member::begin_partition(const TopicPartition& place) {
  if (const PartitionPtr old = partition_of(place)) {
    end_partition(*old, Clock::now());
    partitions_.remove(*old);
  }
  mine_[place] = partitions_.add(place, settings_.codec->message_decoder());
}

void Member::assigned(std::span<const TopicPartition> places) {
  for (const TopicPartition& place : places) begin_partition(place);
  if (!places.empty())
    log::info(settings_.component, "group `{}` gives it {} partition(s), {} now", settings_.group,
              places.size(), mine_.size());
}

/// Where a partition was begun is committed at once: with auto_offset_reset => latest another start
/// before the first delivery would otherwise begin behind what came meanwhile.
void Member::begin_at(Partition& partition, std::int64_t offset) {
  std::int64_t nothing = -1;
  partition.delivered.compare_exchange_strong(nothing, offset);
  commit_due_ = Clock::now();
}

bool Member::end_partition(Partition& partition, Clock::time_point wait_until) {
  std::int64_t emitted = 0;
  {
    const std::lock_guard lock(partition.mutex);
    partition.gone = true;
    emitted = partition.emitted;
  }
  return partitions_.wait_until_delivered(partition, emitted, wait_until);
}

void Member::revoked(std::span<const TopicPartition> places, bool lost) {
  auto wait_until = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (!lost && !leaves_) wait_until += settings_.revoke_wait;
  }
  std::size_t under_way = 0;
  for (const TopicPartition& place :
       places) {  // first none of them goes on, then all are waited for
    if (const PartitionPtr partition = partition_of(place)) {
      const std::lock_guard lock(partition->mutex);
      partition->gone = true;
    }
  }
  for (const TopicPartition& place : places)
    if (const PartitionPtr partition = partition_of(place))
      under_way += end_partition(*partition, wait_until) ? 0 : 1;
  let_go(places, lost);
  if (under_way > 0)
    log::warn(settings_.component,
              "group `{}` takes {} partition(s), {} of them with events under way: those come "
              "again from their new owner",
              settings_.group, places.size(), under_way);
}

void Member::let_go(std::span<const TopicPartition> places, bool lost) {
  if (!lost) commit_delivered(true);
  for (const TopicPartition& place : places)
    if (const PartitionPtr partition = partition_of(place)) {
      partitions_.remove(*partition);
      mine_.erase(place);
    }
}

// The emitting thread.

void Member::emit() {
  for (;;) {
    auto work = next_work();
    if (!work) return;
    const bool more = work->partition ? emit_work(*work) : flush_quiet();
    {
      const std::lock_guard lock(mutex_);
      queued_bytes_ -= work->bytes;
      stops_ = stops_ || !more;
    }
    changed_.notify_all();
  }
}

/// nullopt: there is to be no more. Without a partition: nothing came for a while.
std::optional<Member::Work> Member::next_work() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kTick * 5, [&] { return stops_ || !queue_.empty(); });
  if (stops_) return std::nullopt;
  if (queue_.empty()) return Work{};
  Work work = std::move(queue_.front());
  queue_.pop_front();
  return work;
}

bool Member::emit_work(Work& work) {
  Partition& partition = *work.partition;
  std::int64_t next = -1;
  const auto position = [&] { return partition.held.empty() ? next : partition.held.front(); };
  auto batch = Batch::make();
  for (const Message& message : work.messages) {
    maker_.append(partition, message, *batch);
    next = message.offset() + 1;
    if (const auto time = message.timestamp_ms())
      partition.newest_ms.store(*time, std::memory_order_relaxed);
    if (batch->size() < emitter_.batch_size()) continue;
    if (!emit_batch(partition, std::exchange(batch, Batch::make()), position())) return false;
  }
  if (work.end) next = *work.end;
  if (partition.held.empty())
    holding_.erase(partition.id);
  else
    holding_[partition.id] = {work.partition, Clock::now()};
  return emit_batch(partition, std::move(batch), position());
}

bool Member::emit_batch(Partition& partition, Batch::Ptr batch, std::int64_t next) {
  {
    const std::lock_guard lock(partition.mutex);
    if (partition.gone || (batch->empty() && next <= partition.emitted)) return true;
    partition.emitted = std::max(partition.emitted, next);
  }
  return emitter_.emit(std::move(batch), {partition.id, static_cast<std::uint64_t>(next)});
}

/// What codecs hold back, where they have waited long enough for more.
bool Member::flush_quiet() {
  const auto now = Clock::now();
  for (auto at = holding_.begin(); at != holding_.end();) {
    auto& [partition, since] = at->second;
    const auto wait = partition->decoder->auto_flush();
    if (!wait || now - since < *wait) {
      ++at;
      continue;
    }
    auto batch = Batch::make();
    const std::int64_t next = partition->held.back() + 1;
    maker_.flush(*partition, *batch);
    if (!emit_batch(*partition, std::move(batch), next)) return false;
    at = holding_.erase(at);
  }
  return true;
}

}  // namespace millrace::kafka::in
