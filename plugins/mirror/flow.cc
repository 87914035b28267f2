#include "plugins/mirror/flow.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "pipeline/observe/log.h"
#include "plugins/mirror/layout.h"

namespace millrace::mirror {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAskAgain{2000};
constexpr milliseconds kLook{200};
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::seconds kReportLag{60};
constexpr std::chrono::seconds kEverySecond{1};
constexpr std::size_t kMostReported = 10;

}  // namespace

std::string instance_name(const PipelineInfo& info) {
  std::random_device random;
  return fmt::format("{}/{}/{:08x}", info.host_name, getpid(), random());
}

Flow::Flow(FlowSettings settings, TopicRules rules, std::string instance)
    : settings_(std::move(settings)),
      rules_(std::move(rules)),
      component_(settings_.component()),
      instance_(std::move(instance)),
      notices_(component_),
      rate_(settings_.options.rate_limit.count, Clock::now()) {
  if (settings_.options.on_poison == OnPoison::dead_letter)
    letters_ = std::make_unique<Letters>(settings_);
}

Flow::~Flow() = default;

bool Flow::run(const StopSignal& stop) {
  if (!prepare(stop)) return stop.requested();
  start_helpers();
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
    if (now >= second_at_) {
      second_at_ = now + kEverySecond;
      every_second(stop);
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
    auto ready = try_prepare(stop);
    if (ready) return *ready;
    notices_.begin("prepare", "{}; tried again", ready.error().message);
    stop.wait(kAskAgain);
  }
  return false;
}

/// Errors may pass; false says that they do not, and is logged.
Result<bool> Flow::try_prepare(const StopSignal& stop) {
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
  auto made = make_positions_topic(stop);
  if (!made && made.error().code == Errc::invalid) return refuse(made.error().message);
  if (!made) return fail(std::move(made).error());
  context_ = std::make_unique<ShardContext>(ShardContext{settings_, *source_, from->id, to->id,
                                                         instance_, books_, rate_, letters_.get()});
  notices_.end("prepare", "both clusters answer");
  log::info(component_, "from {} ({}) to {} ({}), {}", settings_.source_alias, from->id,
            settings_.target_alias, to->id,
            settings_.exactly_once() ? "exactly once" : "at least once");
  return true;
}

Result<void> Flow::make_positions_topic(const StopSignal& stop) {
  const std::string topic = settings_.positions_topic();
  const auto shards = static_cast<std::int32_t>(settings_.options.shards);
  auto made = target_->create_topic(
      {.name = topic,
       .partitions = shards,
       .replication = static_cast<std::int32_t>(settings_.options.replication_factor),
       .settings = {{"cleanup.policy", "compact"}}});
  if (!made) return fail(std::move(made).error());
  is_new_ = is_new_ || *made == kafka::Created::yes;
  // The brokers hear of a new topic a moment after the controller.
  if (const auto count = target_->partition_count(topic); !count)
    return fail(Errc::io, count.error().message);
  const auto changed = settle_layout(settings_, *target_, instance_, stop);
  if (!changed) return changed.error();
  if (!changed->empty()) log::info(component_, "{}", *changed);
  return {};
}

/// What accompanies the shards.
void Flow::start_helpers() {
  if (settings_.options.heartbeats) heartbeats_ = std::make_unique<Heartbeats>(settings_, *source_);
  if (settings_.options.topic_settings == CopySettings::continuous)
    settings_sync_ = std::make_unique<SettingsSync>(settings_, *source_, *target_);
  if (settings_.options.acl_sync)
    acl_sync_ = std::make_unique<AclSync>(settings_, *source_, *target_);
  if (auto groups = NameList::create(settings_.options.groups, settings_.options.exclude_groups);
      groups && !settings_.options.groups.empty()) {
    groups_ = std::move(*groups);
    group_sync_ = std::make_unique<GroupSync>(settings_, *groups_, *source_, *target_);
  }
}

void Flow::every_second(const StopSignal& stop) {
  if (heartbeats_) watch_heartbeats();
  if (letters_ && !letters_->is_open()) open_letters();
  if (group_sync_) group_sync_->tick(standings(), stop);
  if (!settings_sync_ && !acl_sync_) return;
  std::map<std::string, std::string> copies;
  for (const auto& [topic, known] : topics_)
    if (known.partitions > 0 && topic != kHeartbeatsTopic) copies[topic] = known.target;
  if (settings_sync_) settings_sync_->tick(copies, stop);
  if (acl_sync_) acl_sync_->tick(copies, stop);
}

/// An older instance has them until it ends, which it does when this one's shards fence it.
void Flow::open_letters() {
  if (const auto opened = letters_->open())
    notices_.end("letters", "dead letters are kept");
  else
    notices_.begin("letters", "{}; a partition with a record that is refused waits",
                   opened.error().message);
}

void Flow::watch_heartbeats() {
  heartbeats_->tick();
  std::int64_t newest_ms = -1;
  for (const Standing& one : standings())
    if (one.source.topic == kHeartbeatsTopic) newest_ms = one.delivered_ms;
  heartbeats_->watch(newest_ms);
}

void Flow::start_shards() {
  for (std::int32_t i = 0; i < settings_.options.shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(*context_, i));
    shards_.back()->start();
  }
}

Shard& Flow::shard_of(const kafka::TopicPartition& partition) {
  return *shards_[shard_number(partition, shards_.size())];
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

/// A shard without partitions notices nothing, and has nothing to do.
bool Flow::all_fenced() const {
  const auto is_fenced = [](const auto& shard) { return shard->is_fenced(); };
  if (std::none_of(shards_.begin(), shards_.end(), is_fenced)) return false;
  return std::all_of(shards_.begin(), shards_.end(), [&](const auto& shard) {
    return is_fenced(shard) || (refreshed_ && shard->standings().empty());
  });
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
  log::info(component_, "{} records behind in {} partitions, {} stopped{}{}", total, all.size(),
            stopped, heartbeats_ ? heartbeats_->age() : "", worst);
  report_counts();
}

/// Of all that happened since the start.
void Flow::report_counts() const {
  std::string text = fmt::format(
      "{} records, {} bytes mirrored, {} dropped as circles; {} gaps of "
      "{} offsets in what was read",
      books_.mirrored.load(), books_.bytes.load(), books_.dropped.load(), books_.gaps.load(),
      books_.gap_offsets.load());
  if (const std::uint64_t commits = books_.transactions; commits > 0)
    text += fmt::format(
        "; {} transactions, {} aborted, commits took {} ms on average and {} ms at "
        "most",
        commits, books_.aborted.load(), books_.commit_ms / commits,
        books_.longest_commit_ms.load());
  log::info(component_, "{}", text);
}

void Flow::end() {
  for (const auto& shard : shards_) shard->finish();
  for (const auto& shard : shards_) shard->join();
  if (letters_) letters_->close();
  if (group_sync_ && !all_fenced()) group_sync_->finish(standings());
  std::vector<std::string> stopped;
  for (const Standing& one : standings())
    if (!one.stopped.empty())
      log::error(component_, "{}/{} was stopped: {}", one.source.topic, one.source.partition,
                 one.stopped);
  const std::uint64_t read = books_.read, mirrored = books_.mirrored, dropped = books_.dropped,
                      letters = books_.dead_letters, back = books_.given_back;
  log::info(component_,
            "ledger of flow {}: {} read = {} mirrored + {} dropped as circles + {} dead-lettered + "
            "{} given back, to be read again; {}",
            settings_.options.flow, read, mirrored, dropped, letters, back,
            read == mirrored + dropped + letters + back ? "balances" : "DOES NOT BALANCE");
  report_counts();
  if (books_.timestamps_replaced > 0)
    log::warn(component_,
              "{} records had no time, or the year 1970's first millisecond: librdkafka "
              "cannot carry that, they have the time of their mirroring",
              books_.timestamps_replaced.load());
}

}  // namespace millrace::mirror
