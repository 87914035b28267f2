#include "pipeline/observe/log.h"
#include "plugins/mirror/shard.h"

namespace millrace::mirror {
namespace {

constexpr std::chrono::seconds kSettleLimit{30};

}  // namespace

void Shard::retire(const std::string& topic) {
  const std::lock_guard lock(mutex_);
  std::erase_if(inbox_, [&](const Order& order) { return order.source.topic == topic; });
  retiring_.insert(topic);
}

bool Shard::is_retired(const std::string& topic) const {
  const std::lock_guard lock(mutex_);
  return !retiring_.contains(topic);
}

Step Shard::give_up_topics() {
  std::set<std::string> topics;
  {
    const std::lock_guard lock(mutex_);
    topics = retiring_;
  }
  if (topics.empty()) return Step::go_on;
  bool has_some = false;
  for (const auto& [place, track] : tracks_) {
    if (!topics.contains(place.topic)) continue;
    has_some = true;
    if (track->stopped.empty()) track->stopped = "its copy is made again";
    if (reader_) reader_->pause({&place, 1});
  }
  if (!has_some) {
    forget(topics);
    return Step::go_on;
  }
  if (!wait_for_reports(Clock::now() + kSettleLimit)) return Step::restart;
  if (failed_) return recover();  // then again
  if (const Step stored = store_positions(); stored != Step::go_on) return stored;
  if (failed_ || in_transaction_) return Step::go_on;
  forget(topics);
  publish();
  return Step::restart;  // with clients that know nothing of a topic that is about to go
}

void Shard::forget(const std::set<std::string>& topics) {
  const auto is_one = [&](const kafka::TopicPartition& place) {
    return topics.contains(place.topic);
  };
  std::erase_if(waiting_, [&](const Order& order) { return is_one(order.source); });
  std::erase_if(tracks_, [&](const auto& entry) { return is_one(entry.first); });
  last_track_ = nullptr;
  const std::lock_guard lock(mutex_);
  std::erase_if(published_, [&](const Standing& one) { return is_one(one.source); });
  for (const std::string& topic : topics) retiring_.erase(topic);
}

}  // namespace millrace::mirror
