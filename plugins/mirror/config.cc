#include "plugins/mirror/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/config/value_parser.h"
#include "pipeline/config/yaml_document.h"
#include "plugins/mirror/names.h"

namespace millrace::mirror {
namespace {

using O = FlowOptions;

constexpr std::int64_t kMostShards = 64;
/// How much is asked for of a partition at once, in bytes on the wire, and how many times as much
/// is granted to what is fetched ahead.
constexpr std::size_t kLeastFetch = 64 << 10;
constexpr std::size_t kMostFetch = 4 << 20;
constexpr std::size_t kUnpacked = 64;
constexpr std::size_t kMostQueuedKbytes = 2'097'151;  // that the library takes
/// The library counts bytes of keys and values only. A small record takes about as much as this.
constexpr std::size_t kLeastOfRecord = 200;
constexpr std::size_t kMostQueued = 10'000'000;  // that the library takes
constexpr std::size_t kMostNameBytes = 100;  // leaves room in the names of the mirror's own topics

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kMostNameBytes &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

/// Compiles one flow; whatever is wrong is in the diagnostics.
class FlowCompiler {
 public:
  FlowCompiler(const PipelineInfo& info, config::Diagnostics& diagnostics)
      : info_(info), diagnostics_(diagnostics) {}

  std::optional<FlowSettings> run(const config::Plugin& flow) {
    const Options<O> table = flow_options();
    if (!OptionBinder().to(table, s_.options).bind(flow, places_, diagnostics_))
      return std::nullopt;
    check();
    compile_source();
    compile_heartbeats();
    compile_target();
    if (diagnostics_.has_errors()) return std::nullopt;
    return std::move(s_);
  }

 private:
  void error(std::string_view option, std::string message, std::string hint = {}) {
    places_.error(diagnostics_, option, std::move(message), std::move(hint));
  }

  void check() {
    const O& o = s_.options;
    if (!is_plain_name(o.flow))
      error("flow", fmt::format("`{}` is no name: letters, digits, '-' and '_', at most {}",
                                o.flow.substr(0, kMostNameBytes), kMostNameBytes));
    if (o.topics.empty()) error("topics", "is empty", "name topics, or give `.*` for all of them");
    if (o.names != Naming::map && !o.topic_map.empty()) error("topic_map", "is for `names: map`");
    if (o.names != Naming::rename && !s_.marks_hops())
      error("provenance",
            "false: with names that do not say where a topic is from, only the header "
            "keeps records from going round in circles",
            "leave it out, or use `names: rename`");
    if ((o.start == Start::timestamp) != o.start_timestamp_ms.has_value())
      error("start_timestamp_ms", "goes with `start: timestamp`, and the other way round",
            "milliseconds since 1970");
    if (o.use_defaults_from == DefaultsFrom::source && o.topic_settings == CopySettings::off)
      error("use_defaults_from", "source: but `topic_settings: off` copies nothing",
            "leave one of them out");
    const bool keeps = o.on_poison == OnPoison::dead_letter;
    if (keeps == o.dead_letter_path.empty())
      error(keeps ? "on_poison" : "dead_letter_path",
            "`dead_letter_path` goes with `on_poison: dead_letter`, and the other way round",
            "a directory; the flow's dead letters are in it, under its name");
    if (!keeps && places_.given("dead_letter_max_bytes"))
      error("dead_letter_max_bytes", "goes with `on_poison: dead_letter`");
    if (!o.acl_sync && places_.given("acl_sync_interval"))
      error("acl_sync_interval", "goes with `acl_sync: true`");
    if (s_.exactly_once() && o.txn_timeout < 4 * o.txn_interval)
      error("txn_timeout", "must be far more than `txn_interval`");
    if (o.memory.count < static_cast<std::uint64_t>(o.shards) << 21)
      error("memory", "is less than 2 MiB for each shard");
    if (auto made = TopicRules::create(o); !made) error("topics", made.error().message);
    if (auto made = NameList::create(o.groups, o.exclude_groups); !made)
      error("groups", made.error().message);
  }

  /// The properties of one side, from a map of options. What the mirror needs is the caller's to
  /// set first, and `reserved` then.
  void compile(std::string_view side, const Hash& given, std::string& alias,
               std::initializer_list<kafka::Reserved> reserved, kafka::Properties& to) {
    config::Plugin plugin{std::string(side), places_.of(side), places_.of(side), {}};
    for (const config::HashEntry& entry : given)
      plugin.attributes.push_back({entry.key, entry.key_span, entry.value});
    ClusterOptions options;
    OptionPlaces places;
    const Options<ClusterOptions> table = cluster_options();
    if (!OptionBinder().to(table, options).bind(plugin, places, diagnostics_)) return;
    alias = options.alias;
    const PluginContext context{info_, info_.ecs, std::string(side), places, diagnostics_, nullptr};
    if (!is_plain_name(alias))
      context.error("alias", fmt::format("`{}` is no alias: letters, digits, '-' and '_'", alias));
    if (alias.find(s_.options.separator) != std::string::npos)
      context.error("alias", fmt::format("contains the separator `{}`", s_.options.separator));
    kafka::set_connection(options, context, to);
    kafka::set_client_options(options, context, reserved, to);
  }

  void compile_source() {
    kafka::Properties& to = s_.source;
    set(to, "group.id", "millrace-mirror-" + s_.options.flow);
    set_reading(to);
    // What comes unpacks to many times its size, of each partition. Long links want large answers:
    // more `memory` makes them.
    const std::size_t ahead = s_.most_bytes_under_way();
    set(to, "fetch.message.max.bytes",
        std::to_string(std::clamp(ahead / kUnpacked, kLeastFetch, kMostFetch)));
    set(to, "fetch.max.bytes", "67108864");
    set(to, "fetch.wait.max.ms", "100");
    set(to, "queued.max.messages.kbytes",
        std::to_string(std::clamp<std::size_t>(ahead >> 10, 1, kMostQueuedKbytes)));
    set(to, "queued.min.messages", std::to_string(std::min(ahead / kLeastOfRecord, kMostQueued)));
    compile("source", s_.options.source, s_.source_alias,
            {{"group.id", "the group is named after the flow"},
             {"enable.auto.commit", "positions are kept on the target"},
             {"enable.auto.offset.store", "positions are kept on the target"},
             {"auto.offset.reset", "records that are gone are told of, see `on_purged`"},
             {"isolation.level", "records of transactions that were aborted are never mirrored"},
             {"enable.partition.eof", "it tells how far a partition is read"},
             {"allow.auto.create.topics", "a mirror makes no topics on its source"}},
            to);
    to = to.without({"retry.backoff.ms"});  // producers have it
    s_.source_questions = to.without(
        {"group.id", "enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset",
         "isolation.level", "check.crcs", "enable.partition.eof", "allow.auto.create.topics",
         "fetch.message.max.bytes", "fetch.max.bytes", "fetch.wait.max.ms", "fetch.min.bytes",
         "queued.max.messages.kbytes", "queued.min.messages"});
  }

  void compile_heartbeats() {
    kafka::Properties& to = s_.source_producer = s_.source_questions.without({"client.rack"});
    set(to, "enable.idempotence", "true");
    set(to, "message.timeout.ms", "10000");
  }

  void compile_target() {
    kafka::Properties producer;
    set(producer, "enable.idempotence", "true");
    set(producer, "acks", "all");
    set(producer, "message.timeout.ms",
        s_.exactly_once() ? std::to_string(s_.options.txn_timeout.count() - 1000) : "0");
    set(producer, "linger.ms", std::to_string(s_.options.linger.count()));
    set(producer, "compression.type", s_.options.compression_type);
    set(producer, "batch.size", std::to_string(kMostBatchBytes));
    // The topic's own limit decides what is too large; what is under way is bounded by `memory`.
    set(producer, "message.max.bytes", "1000000000");
    set(producer, "queue.buffering.max.messages", "10000000");
    set(producer, "queue.buffering.max.kbytes", "2097151");
    std::string alias;
    compile("target", s_.options.target, s_.target_alias,
            {{"acks", "only what all replicas have counts as mirrored"},
             {"request.required.acks", "only what all replicas have counts as mirrored"},
             {"enable.idempotence", "it keeps the order of what is sent again"},
             {"message.timeout.ms", "a record that is given up would be a hole"},
             {"delivery.timeout.ms", "a record that is given up would be a hole"},
             {"retries", "a record that is given up would be a hole"},
             {"message.send.max.retries", "a record that is given up would be a hole"},
             {"transactional.id", "it is named after the flow"},
             {"transaction.timeout.ms", "use the option `txn_timeout`"},
             {"delivery.report.only.error", "without a report nothing would count as mirrored"},
             {"partitioner", "records keep their partitions"},
             {"batch.size", "no batch may be larger than what a topic of the target takes"},
             {"linger.ms", "use the option `linger`"},
             {"compression.type", "use the option `compression_type`"},
             {"compression.codec", "use the option `compression_type`"}},
            producer);
    split_target(producer);
  }

  /// The target's properties without those that only producers have.
  void split_target(const kafka::Properties& producer) {
    s_.target_producer = producer;
    s_.target = producer.without({"enable.idempotence", "acks", "message.timeout.ms", "linger.ms",
                                  "compression.type", "batch.size", "message.max.bytes",
                                  "queue.buffering.max.messages", "queue.buffering.max.kbytes"});
    s_.target_reader = s_.target.without({"retry.backoff.ms"});
    set(s_.target_reader, "group.id", "millrace-mirror-" + s_.options.flow);
    set_reading(s_.target_reader);
  }

  static void set_reading(kafka::Properties& to) {
    set(to, "enable.auto.commit", "false");
    set(to, "enable.auto.offset.store", "false");
    set(to, "auto.offset.reset", "error");
    set(to, "isolation.level", "read_committed");
    set(to, "check.crcs", "true");
    set(to, "enable.partition.eof", "true");
    set(to, "allow.auto.create.topics", "false");
    set(to, "receive.message.max.bytes", "1000000000");
  }

  static void set(kafka::Properties& to, std::string_view name, std::string value) {
    to.set(name, std::move(value), "client_options");
  }

  const PipelineInfo& info_;
  config::Diagnostics& diagnostics_;
  OptionPlaces places_;
  FlowSettings s_;
};

}  // namespace

Options<ClusterOptions> cluster_options() {
  Options<ClusterOptions> table;
  table.add("alias", &ClusterOptions::alias,
            "What the cluster is called here: in names of topics, and in messages.", required);
  kafka::add_connection_options(table);
  return table;
}

Options<FlowOptions> flow_options() {
  Options<O> table;
  const auto some = at_least(std::int64_t{1});
  const auto moment = at_least(std::chrono::milliseconds(1));
  table
      .add("flow", &O::flow,
           "Its name: positions on the target, transactions and the group are called after it.",
           required)
      .add("mode", &O::mode,
           "exactly_once: a reader of the target with read_committed sees each record once. "
           "at_least_once: what was under way in a crash may come twice.",
           choices<Mode>(
               {{"at_least_once", Mode::at_least_once}, {"exactly_once", Mode::exactly_once}}))
      .add("source", &O::source, "The cluster to read: `alias`, and how it is reached.", required)
      .add("target", &O::target, "The cluster to write to, likewise.", required)
      .add("topics", &O::topics, "Names, or regular expressions for whole names.", required)
      .add("exclude", &O::exclude, "As `topics`; wins over it.")
      .add("names", &O::names,
           "rename: SOURCE_ALIAS.TOPIC on the target; identity: the same name; map: `topic_map`.",
           choices<Naming>(
               {{"rename", Naming::rename}, {"identity", Naming::identity}, {"map", Naming::map}}))
      .add("separator", &O::separator, "Between alias and topic.", one_of(".", "-", "_"))
      .add("topic_map", &O::topic_map,
           "Name, or regular expression for the whole name, to the name on the target, in which "
           "\\1 is a group. The first that fits counts.")
      .add("provenance", &O::provenance,
           "A header for each cluster that a record passed; default: with identity and map.")
      .add("max_hops", &O::max_hops, "Records that passed more clusters are dropped.", some,
           at_most(std::int64_t{100}))
      .add("source_position_header", &O::source_position_header,
           "A header `millrace.src` with cluster, topic, partition and offset.")
      .add("start", &O::start,
           "Where partitions begin that have no position: earliest, latest, timestamp, or error, "
           "which refuses. Topics that appear while the mirror runs begin at the beginning.",
           choices<Start>({{"earliest", Start::earliest},
                           {"latest", Start::latest},
                           {"timestamp", Start::timestamp},
                           {"error", Start::error}}))
      .add("start_timestamp_ms", &O::start_timestamp_ms,
           "For `start: timestamp`: the first record of that time or later.",
           at_least(std::int64_t{0}))
      .add("on_purged", &O::on_purged,
           "Records are gone before they were read: stop the partition, or skip_with_alarm. Either "
           "way the log names their offsets.",
           choices<OnPurged>({{"stop", OnPurged::stop}, {"skip_with_alarm", OnPurged::skip}}))
      .add("on_recreated", &O::on_recreated,
           "A topic was deleted and made again, or cut back: stop the partition, or "
           "restart_from_beginning, which adds the new records behind the old ones.",
           choices<OnRecreated>(
               {{"stop", OnRecreated::stop}, {"restart_from_beginning", OnRecreated::restart}}))
      .add(
          "on_poison", &O::on_poison,
          "The target refuses a record for good, as too large: stop its partition, or dead_letter, "
          "which keeps it on disk and goes on.",
          choices<OnPoison>({{"stop", OnPoison::stop}, {"dead_letter", OnPoison::dead_letter}}))
      .add("dead_letter_path", &O::dead_letter_path,
           "For `on_poison: dead_letter`: the directory of the queue, which is called after the "
           "flow; see `millrace dlq`.")
      .add("dead_letter_max_bytes", &O::dead_letter_max_bytes,
           "Of the queue. Where it is full partitions wait in front of what must go there.");
  table
      .add("shards", &O::shards,
           "Threads, each with a consumer and a producer. With another number the next start moves "
           "the positions.",
           some, at_most(kMostShards))
      .add("replication_factor", &O::replication_factor,
           "Of topics that the mirror makes; -1: the target's default.", at_least(std::int64_t{-1}),
           at_most(std::int64_t{100}))
      .add("refresh_interval", &O::refresh_interval,
           "How often both clusters are asked for their topics.", moment)
      .add("store_interval", &O::store_interval, "at_least_once: how often positions are stored.",
           moment)
      .add("txn_records", &O::txn_records, "exactly_once: records of a transaction.", some)
      .add("txn_bytes", &O::txn_bytes, "exactly_once: bytes of a transaction.")
      .add("txn_interval", &O::txn_interval, "exactly_once: how long one is filled.", moment)
      .add("txn_timeout", &O::txn_timeout,
           "exactly_once: the target's coordinator aborts what is open for longer; less than the "
           "brokers' transaction.max.timeout.ms.",
           at_least(std::chrono::milliseconds(5000)))
      .add("linger", &O::linger, "How long a batch waits for more records.",
           at_least(std::chrono::milliseconds(0)))
      .add("compression_type", &O::compression_type, "Of what is written.",
           one_of("none", "gzip", "snappy", "lz4", "zstd"))
      .add("rate_limit", &O::rate_limit,
           "Bytes of keys and values a second that the flow reads, at most; 0: as many as come.")
      .add("memory", &O::memory,
           "Bytes of records that are held, fetched ahead or under way. Long links want more: of a "
           "partition `memory` / `shards` / 128 is asked for at once, before it is unpacked.");
  table
      .add("topic_settings", &O::topic_settings,
           "What is set for a topic on the source is set on the target: when the mirror makes it, "
           "continuous, which keeps it so, or off.",
           choices<CopySettings>({{"off", CopySettings::off},
                                  {"on_create", CopySettings::on_create},
                                  {"continuous", CopySettings::continuous}}))
      .add("topic_settings_interval", &O::topic_settings_interval,
           "continuous: how often the settings are compared.", moment)
      .add(
          "use_defaults_from", &O::use_defaults_from,
          "target: what is not set for a topic itself is as the target's brokers say. source: what "
          "the source's brokers say is set for the copy.",
          choices<DefaultsFrom>(
              {{"target", DefaultsFrom::target}, {"source", DefaultsFrom::source}}))
      .add("exclude_topic_settings", &O::exclude_topic_settings, "Names that are not copied.")
      .add("least_retention", &O::least_retention,
           "A `retention.ms` that is copied is at least this; default: as on the source.",
           at_least(std::chrono::milliseconds(0)))
      .add("acl_sync", &O::acl_sync,
           "Who may read a topic on the source may read its copy: ACLs of topics named in full are "
           "copied, except the right to write. The mirror's user needs `Describe` on the source's "
           "cluster and `Alter` on the target's.")
      .add("acl_sync_interval", &O::acl_sync_interval, "acl_sync: how often the ACLs are compared.",
           moment)
      .add("heartbeats", &O::heartbeats,
           "A record a second goes to the topic millrace-mirror-heartbeats of the source and is "
           "mirrored: the log tells how old the newest is on the target.");
  table
      .add("groups", &O::groups,
           "Consumer groups whose offsets are translated, as names or regular expressions for "
           "whole names; empty: none.")
      .add("exclude_groups", &O::exclude_groups, "As `groups`; wins over it.")
      .add("checkpoint_interval", &O::checkpoint_interval,
           "How often offsets of groups are translated and written to the target.", moment)
      .add("sync_group_offsets", &O::sync_group_offsets,
           "Commits translated offsets on the target, for groups in which nobody is there, and "
           "forward only.");
  table
      .refused("recreate_target",
               "stop the mirror, delete the copy, and go on with `on_recreated: "
               "restart_from_beginning`")
      .refused("gap_records", "the offsets topic has them without being asked, see `on_purged`");
  return table;
}

std::optional<FlowSettings> read_flow(config::SourceId source, const config::SourceSet& sources,
                                      const PipelineInfo& info, config::Diagnostics& diagnostics) {
  const auto root = config::read_yaml(source, sources, diagnostics);
  if (!root) return std::nullopt;
  if (root->kind != config::YamlNode::Kind::map) {
    diagnostics.error(root->span, "expected the flow's options as `name: value`",
                      "a flow needs `flow`, `source`, `target` and `topics`");
    return std::nullopt;
  }
  config::Plugin flow{"mirror", config::Span{source, 0, 0}, root->span, {}};
  config::Variables variables(config::environment());
  config::ReadContext context{sources, variables, diagnostics};
  for (const auto& [key, node] : root->entries)
    if (auto value = config::yaml_value(node, context))
      flow.attributes.push_back({key.text, key.span, std::move(*value)});
  return compile_flow(flow, info, diagnostics);
}

std::optional<FlowSettings> compile_flow(const config::Plugin& flow, const PipelineInfo& info,
                                         config::Diagnostics& diagnostics) {
  return FlowCompiler(info, diagnostics).run(flow);
}

}  // namespace millrace::mirror
