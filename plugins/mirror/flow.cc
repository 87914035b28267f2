#include "plugins/mirror/flow.h"

#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <random>

#include "pipeline/observe/log.h"

namespace millrace::mirror {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAskAgain{2000};
constexpr milliseconds kLook{200};
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::seconds kReportLag{60};
constexpr std::chrono::seconds kEverySecond{1};
constexpr std::size_t kMostReported = 10;

std::int32_t partitions_of(const kafka::ClusterLayout& layout, const std::string& topic) {
  const auto at = std::lower_bound(
      layout.topics.begin(), layout.topics.end(), topic,
      [](const kafka::TopicLayout& one, const std::string& name) { return one.name < name; });
  return at == layout.topics.end() || at->name != topic ? 0 : at->partitions;
}

}  // namespace

std::size_t shard_number(const kafka::TopicPartition& partition, std::size_t shards) {
  const std::string key = PositionKey::encode(partition);
  return XXH64(key.data(), key.size(), 0) % shards;
}

std::string instance_name(const PipelineInfo& info) {
  std::random_device random;
  return fmt::format("{}/{}/{:08x}", info.host_name, getpid(), random());
}

Flow::Flow(FlowSettings settings, TopicRules rules, std::string instance)
    : settings_(std::move(settings)),
      rules_(std::move(rules)),
      component_(settings_.component()),
      instance_(std::move(instance)),
      notices_(component_) {}

Flow::~Flow() = default;

bool Flow::run(const StopSignal& stop) {
  if (!prepare(stop)) return stop.requested();
  start_shards();
  auto refresh_at = Clock::now();
  auto lag_at = Clock::now() + kReportLag;
  while (!stop.requested() && !all_fenced()) {
    const auto now = Clock::now();
    if (now >= refresh_at) {
      auto refreshed = refresh(stop);
      if (!refreshed && !stop.requested())
        notices_.begin("refresh", "{}; asked again", refreshed.error().message);
      else
        notices_.end("refresh", "both clusters answer again");
      refresh_at = now + (refreshed ? settings_.options.refresh_interval : kAskAgain);
    }
    if (now >= lag_at) {
      lag_at = now + kReportLag;
      report_lag();
    }
    if (group_sync_ && now >= group_sync_at_) {
      group_sync_at_ = now + kEverySecond;
      group_sync_->tick(standings(), stop);
    }
    stop.wait(kLook);
  }
  const bool orderly = !all_fenced();
  end();
  return orderly;
}

/// Waits until both clusters answer. False: it cannot go on, or `stop`.
bool Flow::prepare(const StopSignal& stop) {
  while (!stop.requested()) {
    auto ready = try_prepare();
    if (ready) return *ready;
    notices_.begin("prepare", "{}; tried again", ready.error().message);
    stop.wait(kAskAgain);
  }
  return false;
}

/// Errors may pass; false says that they do not, and is logged.
Result<bool> Flow::try_prepare() {
  const auto refuse = [&](const std::string& message) {
    log::error(component_, "{}", message);
    return Result<bool>(false);
  };
  for (auto& [admin, properties] :
       {std::pair{&source_, &settings_.source_questions}, std::pair{&target_, &settings_.target}}) {
    if (*admin) continue;
    auto made = kafka::Admin::create(*properties, component_, kPatience);
    if (!made) return refuse(made.error().message);
    *admin = std::move(*made);
  }
  const auto from = source_->layout();
  if (!from) return fail(Errc::io, "source: " + from.error().message);
  const auto to = target_->layout();
  if (!to) return fail(Errc::io, "target: " + to.error().message);
  if (from->id == to->id && settings_.options.names != Naming::rename)
    return refuse(
        fmt::format("source and target are the same cluster, {}: only `names: rename` "
                    "can mirror a cluster to itself",
                    from->id));
  auto made = make_positions_topic();
  if (!made && made.error().code == Errc::invalid) return refuse(made.error().message);
  if (!made) return fail(std::move(made).error());
  context_ = std::make_unique<ShardContext>(
      ShardContext{settings_, *source_, from->id, to->id, instance_, books_});
  notices_.end("prepare", "both clusters answer");
  log::info(component_, "from {} ({}) to {} ({}), {}", settings_.source_alias, from->id,
            settings_.target_alias, to->id,
            settings_.exactly_once() ? "exactly once" : "at least once");
  return true;
}

Result<void> Flow::make_positions_topic() {
  const std::string topic = settings_.positions_topic();
  const auto shards = static_cast<std::int32_t>(settings_.options.shards);
  auto made = target_->create_topic(
      {.name = topic,
       .partitions = shards,
       .replication = static_cast<std::int32_t>(settings_.options.replication_factor),
       .settings = {{"cleanup.policy", "compact"}}});
  if (!made) return fail(std::move(made).error());
  is_new_ = is_new_ || *made == kafka::Created::yes;
  const auto count = target_->partition_count(topic);
  // The brokers hear of a new topic a moment after the controller.
  if (!count) return fail(Errc::io, count.error().message);
  if (*count == shards) return {};
  return fail(
      Errc::invalid,
      fmt::format("the flow `{0}` has run with {1} shards, which {2} on the target says: a "
                  "partition's position is with its shard, and moving positions is not "
                  "built; set `shards: {1}`, or name the flow anew, which begins at `start`",
                  settings_.options.flow, *count, topic));
}

void Flow::start_shards() {
  if (auto groups = NameList::create(settings_.options.groups, settings_.options.exclude_groups);
      groups && !settings_.options.groups.empty()) {
    groups_ = std::move(*groups);
    group_sync_ = std::make_unique<GroupSync>(settings_, *groups_, *source_, *target_);
  }
  for (std::int32_t i = 0; i < settings_.options.shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(*context_, i));
    shards_.back()->start();
  }
}

Shard& Flow::shard_of(const kafka::TopicPartition& partition) {
  return *shards_[shard_number(partition, shards_.size())];
}

Result<void> Flow::refresh(const StopSignal& stop) {
  const auto source = source_->layout();
  if (!source) return source.error();
  const auto there = target_->layout();
  if (!there) return there.error();
  std::vector<std::string> names;
  for (const kafka::TopicLayout& topic : source->topics) names.push_back(topic.name);
  const auto selection = rules_.select(names, settings_.source_alias, settings_.target_alias);
  for (const auto& [topic, why] : selection.blocked)
    notices_.begin("blocked " + topic, "topic `{}` is not mirrored: {}", topic, why);
  bool all = true;
  for (const auto& [topic, target] : selection.targets) {
    auto carried = carry(topic, target, *source, *there, stop);
    const std::string key = "topic " + topic;
    if (carried)
      notices_.end(key, fmt::format("topic `{}` goes on", topic));
    else
      notices_.begin(key, "topic `{}` waits: {}", topic, carried.error().message);
    all = all && carried;
  }
  watch_gone(*source);
  if (refreshed_) watch_witnesses(stop);
  refreshed_ = refreshed_ || all;
  return {};
}

/// Sees to it that the target has the topic, then gives its new partitions to the shards.
Result<void> Flow::carry(const std::string& topic, const std::string& target,
                         const kafka::ClusterLayout& source, const kafka::ClusterLayout& there,
                         const StopSignal& stop) {
  const std::int32_t partitions = partitions_of(source, topic);
  Topic& known = topics_[topic];
  if (partitions <= known.partitions) return {};
  auto made = make_target(topic, target, partitions, partitions_of(there, target), stop);
  if (!made) return made;
  // Whatever appears after the first start is read from its first record.
  const Start start =
      is_new_ && !refreshed_ && known.partitions == 0 ? settings_.options.start : Start::earliest;
  std::map<Shard*, std::vector<Order>> orders;
  for (std::int32_t p = known.partitions; p < partitions; ++p) {
    const kafka::TopicPartition place{topic, p};
    orders[&shard_of(place)].push_back({place, target, start});
  }
  for (auto& [shard, list] : orders) shard->add(std::move(list));
  log::info(component_, "topic `{}`: partitions {} to {} go to `{}`", topic, known.partitions,
            partitions - 1, target);
  known = {target, partitions};
  return {};
}

/// `there`: partitions that it has on the target; 0: it is not there.
Result<void> Flow::make_target(const std::string& topic, const std::string& target,
                               std::int32_t partitions, std::int32_t there,
                               const StopSignal& stop) {
  if (there > partitions)
    notices_.begin("larger " + target,
                   "`{}` on the target has {} partitions, the source has {}: the others stay empty",
                   target, there, partitions);
  if (there == 0) {
    auto made = target_->create_topic(
        {.name = target,
         .partitions = partitions,
         .replication = static_cast<std::int32_t>(settings_.options.replication_factor),
         .settings = {{"message.timestamp.type", "CreateTime"}}});
    if (!made) return fail(std::move(made).error());
  } else if (there < partitions) {
    if (auto grown = target_->grow_topic(target, partitions); !grown) return grown;
  }
  // No record before the brokers know the partition: to them it would be unknown.
  const auto until = Clock::now() + kPatience;
  for (;;) {
    const auto count = target_->partition_count(target);
    if (count && *count >= partitions) break;
    if (stop.requested()) return fail(Errc::closed, "stopped");
    if (Clock::now() > until)
      return fail(Errc::timeout, fmt::format("`{}` on the target does not appear", target));
    stop.wait(kLook);
  }
  return check_target(topic, target);
}

Result<void> Flow::check_target(const std::string& topic, const std::string& target) {
  const auto setting = [](const Result<std::vector<kafka::TopicSetting>>& all,
                          std::string_view name) -> std::string {
    for (const kafka::TopicSetting& one : *all)
      if (one.name == name) return one.value.value_or("");
    return "";
  };
  const auto there = target_->topic_settings(target);
  if (!there) return there.error();
  if (setting(there, "message.timestamp.type") == "LogAppendTime")
    return fail(Errc::invalid,
                fmt::format("`{}` on the target has message.timestamp.type=LogAppendTime: records "
                            "would lose their times; set it to CreateTime",
                            target));
  const auto here = source_->topic_settings(topic);
  if (!here) return here.error();
  const long most_here = std::atol(setting(here, "max.message.bytes").c_str());
  const long most_there = std::atol(setting(there, "max.message.bytes").c_str());
  if (most_there < most_here)
    notices_.begin("size " + target,
                   "`{}` on the target takes records up to {} bytes (max.message.bytes), the "
                   "source up to {}: a partition with a larger one will stop there",
                   target, most_there, most_here);
  return {};
}

/// Topics that are gone, or have fewer partitions: their shards look, and wait.
void Flow::watch_gone(const kafka::ClusterLayout& source) {
  for (const auto& [topic, known] : topics_) {
    const std::int32_t now = partitions_of(source, topic);
    const std::string key = "gone " + topic;
    if (now >= known.partitions) {
      notices_.end(key, fmt::format("topic `{}` is on the source again", topic));
      continue;
    }
    notices_.begin(key, "topic `{}` had {} partitions on the source and has {}: it was deleted{}",
                   topic, known.partitions, now, now ? " and made again" : "");
    for (std::int32_t p = 0; p < known.partitions; ++p) shard_of({topic, p}).distrust({topic, p});
  }
}

/// A topic that was deleted and made again in no time betrays itself by other records.
void Flow::watch_witnesses(const StopSignal& stop) {
  std::vector<Question> questions;
  for (const Standing& one : standings())
    if (one.witness && one.stopped.empty()) questions.push_back({one.source, *one.witness});
  const auto other = contradicted(settings_.source, component_, questions, kPatience, stop);
  if (!other) return;  // the next time
  for (std::size_t i = 0; i < questions.size(); ++i)
    if ((*other)[i]) shard_of(questions[i].partition).distrust(questions[i].partition);
}

std::vector<Standing> Flow::standings() const {
  std::vector<Standing> out;
  for (const auto& shard : shards_) {
    auto some = shard->standings();
    out.insert(out.end(), std::make_move_iterator(some.begin()),
               std::make_move_iterator(some.end()));
  }
  return out;
}

bool Flow::all_fenced() const {
  return !shards_.empty() && std::all_of(shards_.begin(), shards_.end(),
                                         [](const auto& shard) { return shard->is_fenced(); });
}

void Flow::report_lag() {
  const std::vector<Standing> all = standings();
  std::vector<kafka::TopicPartition> places;
  for (const Standing& one : all) places.push_back(one.source);
  if (places.empty()) return;
  const auto ends = source_->ends(places);
  if (!ends) return;
  std::vector<std::pair<std::int64_t, std::size_t>> lags;
  std::int64_t total = 0;
  std::size_t stopped = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::int64_t lag = std::max<std::int64_t>((*ends)[i] - all[i].stored, 0);
    total += lag;
    stopped += !all[i].stopped.empty();
    if (lag > 0) lags.emplace_back(lag, i);
  }
  std::sort(lags.rbegin(), lags.rend());
  const auto now =
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  std::string worst;
  for (std::size_t i = 0; i < std::min(lags.size(), kMostReported); ++i) {
    const Standing& one = all[lags[i].second];
    worst += fmt::format("{} {}/{} {}", i ? "," : ":", one.source.topic, one.source.partition,
                         lags[i].first);
    if (one.newest_ms > 0)
      worst += fmt::format(" ({} s)", std::max<std::int64_t>(now - one.newest_ms, 0) / 1000);
  }
  log::info(component_, "{} records behind in {} partitions, {} stopped{}", total, all.size(),
            stopped, worst);
}

void Flow::end() {
  for (const auto& shard : shards_) shard->finish();
  for (const auto& shard : shards_) shard->join();
  if (group_sync_ && !all_fenced()) group_sync_->finish(standings());
  std::vector<std::string> stopped;
  for (const Standing& one : standings())
    if (!one.stopped.empty())
      log::error(component_, "{}/{} was stopped: {}", one.source.topic, one.source.partition,
                 one.stopped);
  const std::uint64_t read = books_.read, mirrored = books_.mirrored, dropped = books_.dropped,
                      back = books_.given_back;
  log::info(component_,
            "ledger of flow {}: {} read = {} mirrored + {} dropped as circles + {} given back, to "
            "be read again; {}",
            settings_.options.flow, read, mirrored, dropped, back,
            read == mirrored + dropped + back ? "balances" : "DOES NOT BALANCE");
  if (settings_.exactly_once())
    log::info(component_, "{} transactions, {} aborted", books_.transactions.load(),
              books_.aborted.load());
  if (books_.timestamps_replaced > 0)
    log::warn(component_,
              "{} records had no time, or the year 1970's first millisecond: librdkafka "
              "cannot carry that, they have the time of their mirroring",
              books_.timestamps_replaced.load());
}

}  // namespace millrace::mirror
