#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pipeline/plugin/stop.h"
#include "plugins/mirror/anomalies.h"
#include "plugins/mirror/decisions.h"
#include "plugins/mirror/gaps.h"
#include "plugins/mirror/letters.h"
#include "plugins/mirror/rate_limit.h"
#include "plugins/mirror/track.h"
#include "plugins/support/kafka/admin.h"
#include "plugins/support/kafka/reader.h"

namespace millrace::mirror {

using Clock = std::chrono::steady_clock;

/// What a shard knows of its clusters and shares with the others of its flow. All outlives it.
struct ShardContext {
  const FlowSettings& settings;
  kafka::Admin& source;
  std::string source_id;  ///< Kafka's cluster ids
  std::string target_id;
  std::string instance;  ///< of this process and flow: who owns a shard
  Books& books;
  RateLimit& rate;
  Letters* letters;  ///< null: a partition stops in front of a record that is refused
};

/// A partition that a shard is to mirror.
struct Order {
  kafka::TopicPartition source;
  std::string target_topic;
  Start start;                 ///< where there is no position
  std::size_t most_bytes = 0;  ///< of a batch: `max.message.bytes` on the target
};

/// How far one partition is; for lag and for those who watch.
struct Standing {
  kafka::TopicPartition source;
  std::string target_topic;
  std::int64_t stored = -1;
  std::int64_t newest_ms = -1;     ///< time of the newest record that was read
  std::int64_t delivered_ms = -1;  ///< of the last one that the target has
  std::int64_t sync_source = -1;   ///< a record here, and its copy there; -1: none yet
  std::int64_t sync_target = -1;
  std::optional<Witness> witness;
  std::string stopped;
  Translation pairs;  ///< more of these; some may be of a transaction that was aborted since
};

/// One consumer, one producer, one thread, and the positions of their partitions.
///
/// exactly_once: records and the positions behind them are in one transaction. at_least_once: an
/// idempotent producer sends the records, a second one with transactions stores the positions, so
/// that in both modes a newer instance fences an older one. Whatever goes wrong with a producer
/// ends in a new start: positions are read back from the target, which alone knows them.
class Shard {
 public:
  Shard(const ShardContext& context, std::int32_t number);
  /// Leaves at once; finish() first for an orderly end.
  ~Shard();

  void start();
  /// More partitions. Any thread.
  void add(std::vector<Order> orders);
  /// What the flow found out: the topic of this partition is not what it was. Any thread.
  void distrust(const kafka::TopicPartition& partition);
  /// No more records are read; what is under way is settled, within 10 s. Does not wait.
  void finish();
  void join();

  std::vector<Standing> standings() const;
  /// Another instance has it; nothing more happens here.
  bool is_fenced() const { return fenced_; }

 private:
  // shard.cc: the thread, and what a start takes
  void work();
  Step run();
  Result<void> make_clients();
  Step take_over();
  Result<bool> has_place(const Positions& own);
  Result<void> open_reader();
  void tear_down();
  Step take_orders(bool again);
  Result<Step> begin_tracks(const std::vector<Order>& orders);
  Result<std::int64_t> first_offset(const Order& order, const Bounds& bounds);
  Result<void> examine(const std::vector<Track*>& tracks);
  void examine_doubtful();
  Step leave();
  void publish();
  bool pause(std::chrono::milliseconds time);
  bool is_late() const;

  // shard_records.cc: from the consumer to the producer
  Step round();
  void read(std::chrono::milliseconds wait);
  void pass_on(kafka::Message message);
  bool must_drop(const kafka::Message& message);
  void send(Track& track, kafka::Message message);
  static bool is_too_much(const Track& track, std::size_t bytes);
  static bool opens_groups(const Track& track, std::int64_t offset);
  void wait_for_group(Track& track);
  void prove(Track& track);
  void take_reports(std::chrono::milliseconds wait);
  void settle(Ticket& ticket, const kafka::DeliveryReport& report);
  void take_troubles();
  Track* track_of(const kafka::Message& message);
  Step recover();
  Step recover_transaction();
  void blame(Track& track);
  void divide(Track& track, std::int64_t first, std::size_t refused);
  void stop_track(Track& track, std::string why);
  void set_aside(Track& track, kafka::Message message);
  void set_aside_again();

  // shard_positions.cc: transactions
  Step begin_transaction();
  Step store_positions();
  std::vector<Track*> moved();
  bool put_position(const std::string& key, const std::string& value);
  Step call(Call which);
  bool wait_for_reports(Clock::time_point until);
  Step abort_transaction();
  Step after_fencing();
  bool is_taken(const Positions& stored) const;
  Step give_up(const std::string& owner);
  kafka::Producer& keeper() { return guard_ ? *guard_ : *producer_; }

  const ShardContext& context_;
  const FlowSettings& settings_;
  const std::int32_t number_;
  const std::string component_;
  const std::string positions_topic_;

  std::map<kafka::TopicPartition, std::unique_ptr<Track>> tracks_;
  std::unique_ptr<kafka::Reader> reader_;
  kafka::Reader::Fetched fetched_;
  Track* last_track_ = nullptr;
  // After tracks_: their records view the tickets.
  std::unique_ptr<kafka::Producer> producer_;  ///< of records; in exactly_once of positions too
  std::unique_ptr<kafka::Producer> guard_;     ///< at_least_once: of positions
  std::vector<kafka::DeliveryReport> reports_;
  std::vector<kafka::Header> headers_;
  std::string origin_;                               ///< the value of kSourceHeader
  std::map<kafka::TopicPartition, Position> known_;  ///< what the target had at the start
  std::map<std::string, Gap> gaps_;                  ///< by their keys: found, and not stored yet
  bool owned_ = false;                               ///< the target knows that this instance writes
  bool was_owner_ = false;  ///< in this life of the clients or an earlier one
  bool reopen_ = false;     ///< the reader is to be made again

  std::size_t under_way_ = 0;               ///< records without a report
  std::size_t positions_under_way_ = 0;     ///< positions, likewise
  std::deque<std::string> position_bytes_;  ///< theirs, which the producer reads
  std::size_t bytes_under_way_ = 0;
  bool failed_ = false;           ///< the report of a record was bad: recover()
  bool position_failed_ = false;  ///< that of a position
  Step broken_ = Step::go_on;     ///< what beginning a transaction came to
  bool in_transaction_ = false;
  Clock::time_point began_{};  ///< the transaction
  std::size_t txn_records_ = 0;
  std::size_t txn_bytes_ = 0;
  Clock::time_point store_due_{};
  Clock::time_point commit_due_{};
  Clock::time_point publish_due_{};
  Clock::time_point orders_due_{};
  std::vector<Order> waiting_;  ///< orders that could not be carried out yet

  StopSignal stop_;
  std::atomic<Clock::time_point> leave_by_{};
  std::atomic<bool> fenced_{false};
  mutable std::mutex mutex_;
  std::vector<Order> inbox_;                       // guarded by mutex_
  std::vector<kafka::TopicPartition> distrusted_;  // guarded by mutex_
  std::vector<Standing> published_;                // guarded by mutex_
  std::thread thread_;
};

}  // namespace millrace::mirror
