#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/config/diagnostics.h"
#include "pipeline/plugin/registry.h"
#include "plugins/support/kafka/connection_options.h"

namespace millrace::mirror {

enum class Mode { at_least_once, exactly_once };

/// How topics are called on the target.
enum class Naming {
  rename,    ///< ALIAS.TOPIC
  identity,  ///< as on the source
  map,       ///< as the table says; what it does not name keeps its name
};

/// Where a partition begins that has no position yet.
enum class Start { earliest, latest, timestamp, error };

/// What is done where records are gone that were never read.
enum class OnPurged { stop, skip };
/// What is done where a topic is another one than it was.
enum class OnRecreated { stop, restart };

/// What becomes of a record that the target refuses for good.
enum class OnPoison { stop, dead_letter };

/// When settings of topics are copied to the target.
enum class CopySettings { off, on_create, continuous };

/// Whose values hold on the target for what is not set for a topic itself.
enum class DefaultsFrom { source, target };

/// One side of a flow: an alias, and the options of the kafka plugins that say how brokers are
/// reached.
struct ClusterOptions : kafka::ConnectionOptions {
  std::string alias;
};

/// The keys of a mirror's YAML file.
struct FlowOptions {
  std::string flow;
  Mode mode = Mode::at_least_once;
  Hash source;
  Hash target;
  std::vector<std::string> topics;
  std::vector<std::string> exclude{R"(.*[\-\.]internal)", R"(.*\.replica)", "__.*"};
  Naming names = Naming::rename;
  std::string separator = ".";
  StringPairs topic_map;
  std::optional<bool> provenance;
  std::int64_t max_hops = 8;
  bool source_position_header = false;
  Start start = Start::earliest;
  std::optional<std::int64_t> start_timestamp_ms;
  OnPurged on_purged = OnPurged::stop;
  OnRecreated on_recreated = OnRecreated::stop;
  OnPoison on_poison = OnPoison::stop;
  std::filesystem::path dead_letter_path;
  Bytes dead_letter_max_bytes{std::uint64_t{1} << 30};
  std::vector<std::string> groups;
  std::vector<std::string> exclude_groups{"console-consumer-.*", "connect-.*", "__.*",
                                          "millrace-mirror-.*"};
  std::chrono::milliseconds checkpoint_interval{60'000};
  bool sync_group_offsets = false;
  CopySettings topic_settings = CopySettings::on_create;
  std::chrono::milliseconds topic_settings_interval{600'000};
  DefaultsFrom use_defaults_from = DefaultsFrom::target;
  std::vector<std::string> exclude_topic_settings;
  std::optional<std::chrono::milliseconds> least_retention;
  bool acl_sync = false;
  std::chrono::milliseconds acl_sync_interval{600'000};
  bool heartbeats = false;
  Bytes rate_limit{0};
  std::int64_t shards = 2;
  std::int64_t replication_factor = -1;
  std::chrono::milliseconds refresh_interval{30'000};
  std::chrono::milliseconds store_interval{1000};
  std::int64_t txn_records = 50'000;
  Bytes txn_bytes{std::uint64_t{32} << 20};
  std::chrono::milliseconds txn_interval{250};
  std::chrono::milliseconds txn_timeout{60'000};
  std::chrono::milliseconds linger{20};
  std::string compression_type = "zstd";
  Bytes memory{std::uint64_t{16} << 20};
};

/// Of the target's producer, before compression.
inline constexpr std::size_t kMostBatchBytes = 1'000'000;

/// A flow that is ready to run: options checked, clients' properties compiled.
struct FlowSettings {
  FlowOptions options;
  std::string source_alias;
  std::string target_alias;
  kafka::Properties source;            ///< of consumers of the source
  kafka::Properties source_questions;  ///< of questions to it
  kafka::Properties source_producer;   ///< of heartbeats
  kafka::Properties target;            ///< of questions to the target
  kafka::Properties target_reader;     ///< of the mirror's own topics
  kafka::Properties target_producer;   ///< without a transactional.id

  bool exactly_once() const { return options.mode == Mode::exactly_once; }
  bool marks_hops() const { return options.provenance.value_or(options.names != Naming::rename); }
  std::string component() const { return "mirror " + options.flow; }
  /// What the mirror's own headers add to a record, at most.
  std::int64_t header_bytes() const {
    return marks_hops() || options.source_position_header ? 1024 : 0;
  }
  std::string positions_topic() const {
    return "millrace-mirror-offsets." + options.flow + ".internal";
  }
  std::string transactional_id(std::size_t shard) const {
    return "millrace-" + options.flow + "-" + std::to_string(shard);
  }
  /// Of this shard's share of `memory`: half for what is fetched ahead, half for what is under way.
  std::size_t most_bytes_under_way() const {
    return static_cast<std::size_t>(options.memory.count) /
           static_cast<std::size_t>(options.shards) / 2;
  }
};

Options<FlowOptions> flow_options();
Options<ClusterOptions> cluster_options();

/// Reads the YAML text of one flow. nullopt: the diagnostics say why; nothing is opened or asked.
std::optional<FlowSettings> read_flow(config::SourceId source, const config::SourceSet& sources,
                                      const PipelineInfo& info, config::Diagnostics& diagnostics);

/// The same where the keys are already attributes, as of a plugin.
std::optional<FlowSettings> compile_flow(const config::Plugin& flow, const PipelineInfo& info,
                                         config::Diagnostics& diagnostics);

}  // namespace millrace::mirror
