#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "plugins/inputs/kafka/events.h"

namespace millrace::kafka::in {

using Clock = std::chrono::steady_clock;

/// One member of the group, on two threads: one polls the brokers, and goes on polling whatever
/// happens behind it; the other makes events of what it gets and hands them to the pipeline, where
/// it waits when that is full. Between the two there is a bounded number of bytes.
class Member : private Rebalances {
 public:
  /// Number `number` of settings.threads. All of these must outlive it. Errors: the library refuses
  /// a setting.
  static Result<std::unique_ptr<Member>> create(const Settings& settings, std::size_t number,
                                                const MetadataNames& names, Partitions& partitions,
                                                Emitter& emitter);
  ~Member() override;

  void start();
  /// Returns when nothing more is handed to the pipeline. The group is not left: what is under way
  /// can still be committed.
  void stop_emitting();
  /// Commits what is delivered and leaves the group.
  void leave();

  /// Between the two threads. One record always fits.
  static constexpr std::size_t kMostBytes = std::size_t{8} << 20;

 private:
  /// Records of one partition, in order; `end` where the partition's end was reached behind them.
  struct Work {
    PartitionPtr partition;
    std::vector<Message> messages;
    std::optional<std::int64_t> end;
    std::size_t bytes = 0;
  };

  Member(const Settings& settings, const MetadataNames& names, Partitions& partitions,
         Emitter& emitter);

  // The polling thread:
  void poll();
  bool wait_for_room();
  void fetch();
  void distribute(std::vector<Message>& messages, std::span<const NextOffset> ends);
  PartitionPtr partition_of(const TopicPartition& place) const;
  PartitionPtr partition_for(const Message& message);
  void hand_over(std::vector<Work>& work);
  void commit_delivered(bool wait);
  void report_lag();
  void assigned(std::span<const TopicPartition> places) override;
  void revoked(std::span<const TopicPartition> places, bool lost) override;
  void leave_group();
  void begin_partition(const TopicPartition& place);
  void begin_at(Partition& partition, std::int64_t offset);
  /// False where not everything that the pipeline has of it is delivered by then.
  bool end_partition(Partition& partition, Clock::time_point wait_until);
  void let_go(std::span<const TopicPartition> places, bool lost);

  // The emitting thread:
  void emit();
  std::optional<Work> next_work();
  bool emit_work(Work& work);
  bool emit_batch(Partition& partition, Batch::Ptr batch, std::int64_t next);
  bool flush_quiet();

  const Settings& settings_;
  Partitions& partitions_;
  Emitter& emitter_;
  EventMaker maker_;
  std::unique_ptr<Consumer> consumer_;

  // The polling thread's:
  std::map<TopicPartition, PartitionPtr> mine_;
  std::vector<Message> fetched_;
  std::vector<NextOffset> ends_;
  Clock::time_point full_since_{};
  Clock::time_point commit_due_{};
  Clock::time_point report_due_{};
  bool paused_ = false;

  // The emitting thread's:
  std::map<std::uint64_t, std::pair<PartitionPtr, Clock::time_point>>
      holding_;  // by id: since when

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_;        // guarded by mutex_, as all below
  std::size_t queued_bytes_ = 0;  // of queue_ and of the work in hand
  bool stops_ = false;            // nothing more is to be emitted
  bool leaves_ = false;           // nothing more is to be polled
  std::thread poller_;
  std::thread emitting_;
};

}  // namespace millrace::kafka::in
