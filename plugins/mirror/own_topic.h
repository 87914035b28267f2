#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"
#include "plugins/support/kafka/admin.h"
#include "plugins/support/kafka/producer.h"

namespace millrace::mirror {

/// A compacted topic with one partition on the target, in which a flow keeps what it knows: the
/// newest value of each key counts. One thread.
class OwnTopic {
 public:
  explicit OwnTopic(std::string name) : name_(std::move(name)) {}
  ~OwnTopic();

  const std::string& name() const { return name_; }

  /// Makes it where it is not there, and waits until the brokers know it. Errors: the broker's.
  Result<void> make(kafka::Admin& target, std::int32_t replication,
                    std::chrono::milliseconds patience, const StopSignal& stop);

  /// Each record from the first to the last, in order; keys without a value were removed. Errors:
  /// Errc::invalid; Errc::timeout where the brokers stay silent for `patience`; Errc::closed on
  /// `stop`.
  using Take = std::function<void(std::string_view key, std::optional<std::string_view> value)>;
  Result<void> read(const kafka::Properties& reader, const std::string& component,
                    std::chrono::milliseconds patience, const StopSignal& stop, const Take& take);

  /// Queued until flush(). nullopt: the key is removed.
  void put(std::string key, std::optional<std::string> value) {
    queued_.push_back({std::move(key), std::move(value)});
  }
  bool has_queued() const { return !queued_.empty(); }
  /// Sends what is queued and waits for the brokers to have it. On error nothing is queued any
  /// more, and it may or may not be there.
  Result<void> flush(const kafka::Properties& producer, const std::string& component,
                     std::chrono::milliseconds patience);

 private:
  struct Record {
    std::string key;
    std::optional<std::string> value;
  };
  const std::string name_;
  std::deque<Record> queued_;  // the producer reads values from here
  std::unique_ptr<kafka::Producer> producer_;
};

}  // namespace millrace::mirror
