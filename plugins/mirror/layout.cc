#include "plugins/mirror/layout.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <functional>
#include <future>
#include <system_error>

#include "pipeline/observe/log.h"
#include "plugins/support/kafka/journal.h"
#include "plugins/support/kafka/transactions.h"

namespace millrace::mirror {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kPatience{30};
constexpr milliseconds kCallWait{500};
constexpr milliseconds kPollWait{10};
constexpr milliseconds kLook{100};
/// Claim, announce, move, and one that finds nothing to do. Others may come in between.
constexpr int kMostRounds = 8;
constexpr std::int32_t kAtOnce = 8;

/// A record of the offsets topic.
struct Entry {
  std::int32_t shard;
  std::string key;
  std::optional<std::string> value;  ///< nullopt: it goes
};

class LayoutKeeper {
 public:
  LayoutKeeper(const FlowSettings& settings, kafka::Admin& target, const std::string& instance,
               const StopSignal& stop)
      : settings_(settings),
        target_(target),
        instance_(instance),
        stop_(stop),
        component_(settings.component()),
        topic_(settings.positions_topic()),
        wanted_(static_cast<std::int32_t>(settings.options.shards)) {}

  Result<std::string> settle() {
    for (int i = 0; i < kMostRounds; ++i) {
      const auto settled = round();
      if (!settled) return settled.error();
      if (*settled) return done_;
    }
    return fail(Errc::timeout, "another instance changes the number of shards too");
  }

 private:
  /// One step, from what is there. True: nothing is left to be done.
  Result<bool> round() {
    producer_.reset();
    auto taken = take_over(0);
    if (!taken) return fail(std::move(taken).error());
    producer_ = std::move(*taken);
    auto first = read(0);
    if (!first) return fail(std::move(first).error());
    Layout now = first->layout.value_or(Layout{});
    if (!first->layout) {  // of a time when the topic had a partition for each
      const auto count = target_.partition_count(topic_);
      if (!count) return fail(Errc::io, count.error().message);
      now.shards = *count;
    }
    const bool mine = first->layout && first->owner == instance_;
    const Layout goal{now.shards, now.shards == wanted_ ? 0 : wanted_};
    if (now != goal || !mine) {
      auto announced = announce(goal);
      if (!announced) return fail(std::move(announced).error());
      // Whoever reads partition 0 before the end of that transaction is marked finds no other
      // layout: there is no need to wait for it.
      return goal.next == 0 && first->layout.value_or(goal) == goal;
    }
    if (goal.next == 0) return true;
    return change(now, std::move(*first));
  }

  Result<void> announce(const Layout& goal) {
    if (goal.next != 0)
      log::info(component_, "positions are moved from {} shards to {}; older instances are fenced",
                goal.shards, goal.next);
    return write({{0, std::string(PositionKey::kOwner), instance_},
                  {0, std::string(PositionKey::kLayout), encode(goal)}});
  }

  /// Nobody but this instance writes positions from here on: the announcement keeps new shards
  /// away, fencing ends the old ones.
  Result<bool> change(const Layout& layout, Positions first) {
    if (auto grown = grow(); !grown) return fail(std::move(grown).error());
    std::vector<Positions> old;
    old.push_back(std::move(first));
    if (auto fenced = fence(layout.shards, old); !fenced) return fail(std::move(fenced).error());
    std::vector<Entry> entries{{0, std::string(PositionKey::kLayout), encode(Layout{wanted_, 0})}};
    for (std::int32_t i = 0; i < std::max(layout.shards, wanted_); ++i)
      entries.push_back({i, std::string(PositionKey::kOwner), instance_});
    const auto moved = moves(old, static_cast<std::size_t>(wanted_));
    for (const Move& move : moved) {
      const std::string key = PositionKey::encode(move.place);
      entries.push_back({static_cast<std::int32_t>(move.from), key, std::nullopt});
      entries.push_back({static_cast<std::int32_t>(move.to), key, encode(move.position)});
    }
    std::size_t all = 0;
    for (const Positions& one : old) all += one.all.size();
    done_ = fmt::format(
        "it ran with {} shards and runs with {} from now on: of {} positions {} were moved",
        layout.shards, wanted_, all, moved.size());
    if (auto written = write(entries); !written) return fail(std::move(written).error());
    return false;
  }

  /// Fences all shards but the first, and adds what they have. Some at a time: each takes a second.
  Result<void> fence(std::int32_t shards, std::vector<Positions>& old) {
    try {
      return fence_some_at_a_time(shards, old);
    } catch (const std::system_error& error) {
      return fail(Errc::io, std::string("no thread is to be had: ") + error.what());
    }
  }

  Result<void> fence_some_at_a_time(std::int32_t shards, std::vector<Positions>& old) {
    for (std::int32_t begin = 1; begin < shards; begin += kAtOnce) {
      std::vector<std::future<Result<Positions>>> some;
      for (std::int32_t i = begin; i < std::min(begin + kAtOnce, shards); ++i)
        some.push_back(std::async(std::launch::async, [this, i]() -> Result<Positions> {
          if (auto fenced = take_over(i); !fenced) return fail(std::move(fenced).error());
          return read(i);
        }));
      for (auto& one : some) {
        auto positions = one.get();
        if (!positions) return fail(std::move(positions).error());
        old.push_back(std::move(*positions));
      }
    }
    return {};
  }

  Result<void> grow() {
    const auto count = target_.partition_count(topic_);
    if (!count) return fail(Errc::io, count.error().message);
    if (*count >= wanted_) return {};
    if (auto grown = target_.grow_topic(topic_, wanted_); !grown) return grown;
    // The brokers hear of it a moment after the controller.
    const auto until = Clock::now() + kPatience;
    while (Clock::now() < until && stop_.wait(kLook)) {
      const auto now = target_.partition_count(topic_);
      if (now && *now >= wanted_) return {};
    }
    return fail(Errc::timeout, fmt::format("{}: new partitions do not appear", topic_));
  }

  Result<Positions> read(std::int32_t shard) {
    return read_positions(settings_.target_reader, component_, topic_, shard, kPatience, stop_);
  }

  /// Fences whoever has the shard, and ends what it left open.
  Result<std::unique_ptr<kafka::Producer>> take_over(std::int32_t shard) {
    auto made = kafka::Producer::create(
        transactional_properties(settings_, static_cast<std::size_t>(shard)), component_);
    if (!made) return made;
    kafka::Transactions transactions(**made);
    auto taken = call("taking over", [&] { return transactions.init(kCallWait); });
    if (!taken) return fail(std::move(taken).error());
    return made;
  }

  /// All of them, or none, in the end: an error leaves open which, and the next round finds out.
  Result<void> write(const std::vector<Entry>& entries) {
    kafka::Transactions transactions(*producer_);
    auto begun = call("beginning a transaction", [&] { return transactions.begin(); });
    if (!begun) return begun;
    if (auto sent = send(entries); !sent) {
      producer_.reset();  // it would read what goes here
      return sent;
    }
    return call("committing", [&] { return transactions.commit(kCallWait); });
  }

  Result<void> send(const std::vector<Entry>& entries) {
    const auto until = Clock::now() + kPatience;
    std::vector<kafka::DeliveryReport> reports;
    std::size_t sent = 0, settled = 0;
    while (settled < entries.size()) {
      if (stop_.requested()) return fail(Errc::closed, "stopped");
      if (Clock::now() > until) return fail(Errc::timeout, topic_ + ": the brokers do not answer");
      int code = 0;
      if (sent < entries.size()) {
        const Entry& entry = entries[sent];
        const auto taken = producer_->produce(
            {.topic = topic_, .partition = entry.shard, .key = entry.key, .value = entry.value},
            code);
        if (taken == kafka::Taken::failed)
          return fail(Errc::io, topic_ + ": " + kafka::describe_error(code));
        sent += taken == kafka::Taken::yes;
        if (taken == kafka::Taken::yes) continue;
      }
      reports.clear();
      producer_->poll(kPollWait, reports);
      for (const kafka::DeliveryReport& report : reports)
        if (report.code != 0)
          return fail(Errc::io, topic_ + ": " + kafka::describe_error(report.code));
      settled += reports.size();
    }
    return {};
  }

  Result<void> call(std::string_view name, const std::function<kafka::TransactionOutcome()>& make) {
    const auto until = Clock::now() + kPatience;
    for (;;) {
      const kafka::TransactionOutcome outcome = make();
      if (outcome.ok) return {};
      if (outcome.fenced) return fail(Errc::io, "another instance starts at the same moment");
      if (!outcome.retriable || Clock::now() > until)
        return fail(Errc::io, fmt::format("{}: {}", name, outcome.text));
      if (stop_.requested()) return fail(Errc::closed, "stopped");
    }
  }

  const FlowSettings& settings_;
  kafka::Admin& target_;
  const std::string& instance_;
  const StopSignal& stop_;
  const std::string component_;
  const std::string topic_;
  const std::int32_t wanted_;
  std::unique_ptr<kafka::Producer> producer_;  ///< of shard 0
  std::string done_;
};

}  // namespace

std::size_t shard_number(const kafka::TopicPartition& partition, std::size_t shards) {
  const std::string key = PositionKey::encode(partition);
  return XXH64(key.data(), key.size(), 0) % shards;
}

std::vector<Move> moves(const std::vector<Positions>& old, std::size_t shards) {
  std::vector<Move> out;
  for (std::size_t from = 0; from < old.size(); ++from)
    for (const auto& [place, position] : old[from].all)
      if (const std::size_t to = shard_number(place, shards); to != from)
        out.push_back({place, from, to, position});
  return out;
}

kafka::Properties transactional_properties(const FlowSettings& settings, std::size_t shard) {
  kafka::Properties out = settings.target_producer;
  const auto timeout = settings.options.txn_timeout.count();
  out.set("transactional.id", settings.transactional_id(shard), "client_options");
  out.set("transaction.timeout.ms", std::to_string(timeout), "client_options");
  out.set("message.timeout.ms", std::to_string(timeout - 1000), "client_options");
  return out;
}

Result<std::string> settle_layout(const FlowSettings& settings, kafka::Admin& target,
                                  const std::string& instance, const StopSignal& stop) {
  return LayoutKeeper(settings, target, instance, stop).settle();
}

}  // namespace millrace::mirror
