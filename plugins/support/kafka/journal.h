#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace millrace::kafka {

/// What a client has to say, in our log and each thing once: librdkafka repeats itself for every
/// broker and every try. Thread-safe.
class Journal {
 public:
  /// `component`: who speaks, "output to_kafka". `cluster`: from describe_cluster().
  Journal(std::string component, std::string cluster)
      : component_(std::move(component)), cluster_(std::move(cluster)) {}

  /// A line of the library's own log; `level` is syslog's. The same line again within a minute is
  /// left out.
  void line(int level, std::string_view facility, std::string_view text);

  /// The library lost brokers, or was turned away; `code` is its number. Said once for each kind of
  /// trouble until recovered().
  void trouble(int code, std::string_view text);

  /// A record went through: trouble is over. Cheap where there was none.
  void recovered() {
    if (troubled_.load(std::memory_order_relaxed)) end_trouble();
  }

  const std::string& component() const { return component_; }
  const std::string& cluster() const { return cluster_; }

 private:
  void end_trouble();

  const std::string component_;
  const std::string cluster_;
  std::atomic<bool> troubled_{false};
  std::mutex mutex_;
  std::map<std::string, std::chrono::steady_clock::time_point>
      lines_;                               // guarded by mutex_, bounded
  std::map<std::string_view, bool> kinds_;  // guarded by mutex_: trouble that goes on
};

/// What somebody may do about an error of this code; "" where there is nothing to say.
std::string_view advice(int code);

/// "UNKNOWN_TOPIC_OR_PART: Broker: Unknown topic or partition": the code's name and text.
std::string describe_error(int code);
/// Its name in lower case, for dead letters: "unknown_topic_or_part".
std::string error_name(int code);

}  // namespace millrace::kafka
