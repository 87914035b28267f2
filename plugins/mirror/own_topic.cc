#include "plugins/mirror/own_topic.h"

#include "plugins/mirror/read_whole.h"
#include "plugins/support/kafka/journal.h"

namespace millrace::mirror {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPoll{50};

}  // namespace

OwnTopic::~OwnTopic() = default;

Result<void> OwnTopic::make(kafka::Admin& target, std::int32_t replication, milliseconds patience,
                            const StopSignal& stop) {
  auto made = target.create_topic({.name = name_,
                                   .partitions = 1,
                                   .replication = replication,
                                   .settings = {{"cleanup.policy", "compact"}}});
  if (!made) return fail(std::move(made).error());
  // The brokers hear of a new topic a moment after the controller.
  const auto give_up = Clock::now() + patience;
  while (true) {
    const auto count = target.partition_count(name_);
    if (count) return {};
    if (count.error().code != Errc::not_found || Clock::now() >= give_up || !stop.wait(kPoll))
      return fail(Errc::io, count.error().message);
  }
}

Result<void> OwnTopic::read(const kafka::Properties& properties, const std::string& component,
                            milliseconds patience, const StopSignal& stop, const Take& take) {
  return read_whole(properties, component, {name_, 0}, patience, stop,
                    [&](const kafka::Message& message) -> Result<void> {
                      if (message.key()) take(*message.key(), message.value());
                      return {};
                    });
}

Result<void> OwnTopic::flush(const kafka::Properties& properties, const std::string& component,
                             milliseconds patience) {
  if (queued_.empty()) return {};
  if (!producer_) {
    auto made = kafka::Producer::create(properties, component);
    if (!made) return fail(std::move(made).error());
    producer_ = std::move(*made);
  }
  const auto give_up = Clock::now() + patience;
  std::vector<kafka::DeliveryReport> reports;
  std::size_t sent = 0, settled = 0;
  int code = 0;
  while (settled < queued_.size() && code == 0 && Clock::now() < give_up) {
    if (sent < queued_.size()) {
      const Record& record = queued_[sent];
      const auto taken = producer_->produce(
          {.topic = name_, .partition = 0, .key = record.key, .value = record.value}, code);
      sent += taken == kafka::Taken::yes;
      if (taken == kafka::Taken::full) code = 0;
      if (taken == kafka::Taken::yes) continue;
    }
    reports.clear();
    producer_->poll(kPoll, reports);
    settled += reports.size();
    for (const kafka::DeliveryReport& report : reports)
      if (report.code != 0) code = report.code;
  }
  const bool all = settled == queued_.size();
  // It would read what is given up here.
  if (!all || code != 0) producer_.reset();
  queued_.clear();
  if (code != 0) return fail(Errc::io, name_ + ": " + kafka::describe_error(code));
  if (!all) return fail(Errc::timeout, name_ + ": the brokers do not answer");
  return {};
}

}  // namespace millrace::mirror
