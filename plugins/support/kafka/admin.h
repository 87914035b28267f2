#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/result.h"
#include "plugins/support/kafka/consumer.h"
#include "plugins/support/kafka/properties.h"

namespace millrace::kafka {

struct TopicLayout {
  std::string name;
  std::int32_t partitions = 0;
};

struct ClusterLayout {
  std::string id;  ///< Kafka's own cluster id
  std::int32_t brokers = 0;
  std::vector<TopicLayout> topics;  ///< in order of their names; internal ones too

  /// 0: there is no such topic.
  std::int32_t partitions_of(std::string_view topic) const;
};

/// A setting of a topic, as the broker tells it.
struct TopicSetting {
  std::string name;
  std::optional<std::string> value;  ///< nullopt: not set, or kept secret
  bool of_topic = false;             ///< set for this topic; else a default from elsewhere
  bool read_only = false;
  bool sensitive = false;
};

using TopicSettings = std::vector<std::pair<std::string, std::string>>;

struct NewTopic {
  std::string name;
  std::int32_t partitions = 1;
  std::int32_t replication = -1;  ///< -1: the broker's default
  TopicSettings settings;
};

enum class Created { yes, was_there };

/// Who may do what with a topic, or may not. Names are the brokers' own.
struct Acl {
  std::string topic;  ///< a name; "*": all topics; where `prefixed`, how names begin
  bool prefixed = false;
  bool allows = true;     ///< else it denies
  std::string operation;  ///< "READ"; "UNKNOWN" for one that librdkafka has no word for
  std::string host;       ///< "*": from everywhere
  std::string principal;  ///< "User:alice"
  friend auto operator<=>(const Acl&, const Acl&) = default;
};

enum class GroupState {
  unknown,  ///< there is no such group, or it says nothing of itself
  empty,    ///< it has offsets, nobody is in it
  active,   ///< it has members, or is about to
};

/// What the mirror asks clusters and tells them, beside records. Each call waits for its answer, at
/// most the patience given to create(), and leaves nothing behind. Thread-safe.
///
/// Errors of all calls: Errc::timeout and Errc::io, which may pass; Errc::not_found for a topic or
/// group that is not there; Errc::invalid for what the broker refuses, such as without an ACL, or
/// with credentials that are wrong. Messages name the cluster, the topic or group, and the broker's
/// reason.
class Admin {
 public:
  /// `component`: who speaks in the log. With `isolation.level` = read_committed (the library's
  /// default) the end of a partition is its last stable offset. Errors: Errc::invalid.
  static Result<std::unique_ptr<Admin>> create(
      const Properties& properties, std::string component,
      std::chrono::milliseconds patience = std::chrono::seconds{30});
  ~Admin();

  Result<ClusterLayout> layout();
  /// Of one topic; never creates it.
  Result<std::int32_t> partition_count(const std::string& topic);

  Result<Created> create_topic(const NewTopic& topic);
  /// To `total` partitions; Errc::invalid where it has as many or more.
  Result<void> grow_topic(const std::string& topic, std::int32_t total);

  Result<std::vector<TopicSetting>> topic_settings(const std::string& topic);
  /// `settings` are then all that are set for this topic: others return to the broker's defaults.
  /// (One by one they can be changed from librdkafka 2.2 on.) Whoever changes some reads
  /// topic_settings() first; a change by others in between is undone.
  Result<void> replace_topic_settings(const std::string& topic, const TopicSettings& settings);

  /// ACLs of topics, in no order. None may also mean that the cluster has no authoriser, or that it
  /// does not tell us: librdkafka 2.0.2 drops the broker's reason where the list is empty.
  Result<std::vector<Acl>> topic_acls();
  /// Those that are there already are no error. Where one of many is refused, others may be made.
  /// Errors, of this and the next: also Errc::unsupported, where the cluster has no authoriser.
  Result<void> create_acls(std::span<const Acl> acls);
  /// Exactly these; those that are not there are no error.
  Result<void> delete_acls(std::span<const Acl> acls);

  /// First offset of each of the partitions, in their order.
  Result<std::vector<std::int64_t>> begins(std::span<const TopicPartition> partitions);
  /// The offset behind the last record, see create().
  Result<std::vector<std::int64_t>> ends(std::span<const TopicPartition> partitions);
  /// The first record of that time or later, in milliseconds since 1970; the end where there is
  /// none.
  Result<std::vector<std::int64_t>> offsets_at(std::span<const TopicPartition> partitions,
                                               std::int64_t time_ms);

  /// Ids of all consumer groups that the brokers know.
  Result<std::vector<std::string>> groups();
  Result<GroupState> group_state(const std::string& group);
  /// What a group has committed; partitions without an offset are left out. Unknown group: none.
  Result<std::vector<NextOffset>> group_offsets(const std::string& group);
  /// Refused by the broker while the group has members: Errc::invalid.
  Result<void> set_group_offsets(const std::string& group, std::span<const NextOffset> offsets);

 private:
  struct Handles;
  explicit Admin(std::unique_ptr<Handles> handles);
  Result<std::vector<std::int64_t>> offsets(std::span<const TopicPartition> partitions,
                                            std::int64_t time_ms);
  std::unique_ptr<Handles> handles_;
};

}  // namespace millrace::kafka
