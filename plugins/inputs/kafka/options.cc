#include "plugins/inputs/kafka/options.h"

#include <fmt/format.h>

#include "plugins/support/kafka/property_writer.h"

namespace millrace::kafka::in {
namespace {

using O = RawOptions;

bool is_text_or_bytes(std::string_view deserializer) {
  constexpr std::string_view kPackage = "org.apache.kafka.common.serialization.";
  if (deserializer.starts_with(kPackage)) deserializer.remove_prefix(kPackage.size());
  return deserializer == "StringDeserializer" || deserializer == "ByteArrayDeserializer";
}

/// Logstash's names and Java's classes, as librdkafka calls them; "" for an unknown one.
std::string_view assignor(std::string_view strategy) {
  constexpr std::string_view kPackage = "org.apache.kafka.clients.consumer.";
  if (strategy.starts_with(kPackage)) strategy.remove_prefix(kPackage.size());
  if (strategy == "range" || strategy == "RangeAssignor") return "range";
  if (strategy == "round_robin" || strategy == "RoundRobinAssignor") return "roundrobin";
  if (strategy == "cooperative_sticky" || strategy == "CooperativeStickyAssignor")
    return "cooperative-sticky";
  return {};
}

class Compiler : private PropertyWriter {
 public:
  Compiler(RawOptions options, const PluginContext& context, Settings& settings)
      : PropertyWriter(context, settings.properties), o_(std::move(options)), s_(settings) {}

  std::optional<Settings> run() {
    set_topics();
    check_deserializers();
    good_ &= set_connection(o_, context_, s_.properties);
    set_group();
    set_fetching();
    good_ &= set_client_options(
        o_, context_,
        {{"enable.auto.commit", "offsets are committed when their events are delivered"},
         {"enable.auto.offset.store", "offsets are committed when their events are delivered"},
         {"auto.commit.interval.ms", "use the option `auto_commit_interval_ms`"},
         {"enable.partition.eof", "the ends of partitions must show"},
         {"group.id", "use the option `group_id`"},
         {"group.protocol", "use the option `group_protocol`"},
         {"enable.sparse.connections", "is librdkafka's own"}},
        s_.properties);
    drop_what_producers_have();
    if (!good_) return std::nullopt;
    s_.component = "input " + context_.id;
    s_.group = o_.group_id;
    s_.threads = static_cast<std::size_t>(o_.consumer_threads);
    s_.poll_records = static_cast<std::size_t>(o_.max_poll_records);
    s_.poll_wait = std::chrono::milliseconds(o_.poll_timeout_ms);
    s_.commit_interval =
        std::chrono::milliseconds(o_.enable_auto_commit ? o_.auto_commit_interval_ms : 100);
    s_.revoke_wait = o_.revoke_wait;
    s_.decorate = o_.decorate_events;
    s_.codec = context_.codec;
    return std::move(s_);
  }

 private:
  /// Only later versions of the library pause before consumers' requests too.
  void drop_what_producers_have() {
    if (library_is_at_least(2, 3, 0)) return;
    s_.properties = s_.properties.without({"retry.backoff.ms"});
    if (given("retry_backoff_ms"))
      context_.warning("retry_backoff_ms",
                       fmt::format("has no effect: librdkafka {} has it for producers only, 2.3.0 "
                                   "and later for consumers too",
                                   library_version()));
  }

  void set_topics() {
    if (given("assign")) return set_assigned();
    if (given("topics_pattern")) {
      if (given("topics")) error("topics_pattern", "either this or `topics`");
      if (o_.topics_pattern.empty()) error("topics_pattern", "is empty");
      // Java matches the whole name; librdkafka searches what begins with ^ in it.
      s_.topics = {"^(" + o_.topics_pattern + ")$"};
      if (o_.exclude_internal_topics == "true")
        set("topic.blacklist", "^__consumer_offsets$,^__transaction_state$",
            "exclude_internal_topics");
      return;
    }
    if (o_.topics.empty()) error("topics", "is empty", "name at least one topic");
    for (const std::string& topic : o_.topics)
      if (topic.empty() || topic.front() == '^')
        error("topics", fmt::format("`{}` is no topic's name", topic),
              "a regular expression goes into `topics_pattern`");
    s_.topics = o_.topics;
  }

  void set_assigned() {
    for (const char* other : {"topics", "topics_pattern"})
      if (given(other)) error("assign", fmt::format("either this or `{}`", other));
    for (const char* of_groups :
         {"group_instance_id", "partition_assignment_strategy", "exclude_internal_topics"})
      if (given(of_groups))
        error(of_groups, "has no meaning with `assign`: no group shares topics out");
    if (o_.assign.empty()) error("assign", "is empty", "name at least one partition");
    auto assigned = parse_assigned(o_.assign);
    if (!assigned)
      return error("assign", assigned.error().message, "[\"orders:0\", \"logs:0-11\"]");
    if (assigned->size() < static_cast<std::size_t>(o_.consumer_threads))
      error("consumer_threads",
            fmt::format("is more than the {} partitions of `assign`", assigned->size()));
    s_.assigned = std::move(*assigned);
  }

  void check_deserializers() {
    for (const auto& [option, value] :
         {std::pair{"key_deserializer_class", &o_.key_deserializer_class},
          std::pair{"value_deserializer_class", &o_.value_deserializer_class}})
      if (!is_text_or_bytes(*value))
        error(option, fmt::format("`{}` is a Java class", *value),
              "StringDeserializer and ByteArrayDeserializer are known; `codec` says what the bytes "
              "mean");
  }

  void set_group() {
    if (o_.group_id.empty()) error("group_id", "is empty", "offsets are kept under its name");
    set("group.id", o_.group_id, "group_id");
    if (!o_.group_instance_id.empty()) {
      if (o_.consumer_threads > 1)
        error("group_instance_id", "is one member's name, and there are several",
              "consumer_threads => 1");
      set("group.instance.id", o_.group_instance_id, "group_instance_id");
    }
    const std::string_view strategy = assignor(o_.partition_assignment_strategy);
    if (strategy.empty())
      error("partition_assignment_strategy",
            fmt::format("`{}` is none of librdkafka's", o_.partition_assignment_strategy),
            "range, round_robin or cooperative_sticky");
    set("partition.assignment.strategy", std::string(strategy), "partition_assignment_strategy");
    set("session.timeout.ms", o_.session_timeout_ms, "session_timeout_ms");
    set("heartbeat.interval.ms", o_.heartbeat_interval_ms, "heartbeat_interval_ms");
    set("max.poll.interval.ms", o_.max_poll_interval_ms, "max_poll_interval_ms");
    if (o_.max_poll_interval_ms < o_.session_timeout_ms)
      error("max_poll_interval_ms", "is less than `session_timeout_ms`");
    set("enable.auto.commit", "false", "enable_auto_commit");
    set("enable.auto.offset.store", "false", "enable_auto_commit");
    set("enable.partition.eof", "true", "enable_auto_commit");
    const std::string& reset = o_.auto_offset_reset;
    set("auto.offset.reset",
        reset.empty()     ? "latest"
        : reset == "none" ? "error"
                          : reset,
        "auto_offset_reset");
  }

  void set_fetching() {
    set("isolation.level", o_.isolation_level, "isolation_level");
    set("check.crcs", o_.check_crcs ? "true" : "false", "check_crcs");
    set("allow.auto.create.topics", o_.auto_create_topics ? "true" : "false", "auto_create_topics");
    if (!o_.client_rack.empty()) set("client.rack", o_.client_rack, "client_rack");
    set("fetch.min.bytes", o_.fetch_min_bytes, "fetch_min_bytes");
    set("fetch.wait.max.ms", o_.fetch_max_wait_ms, "fetch_max_wait_ms");
    set("fetch.message.max.bytes", o_.max_partition_fetch_bytes, "max_partition_fetch_bytes");
    set("fetch.max.bytes", o_.fetch_max_bytes, "fetch_max_bytes");
    // A first record that is larger comes all the same, so there is room for one of any size.
    set("receive.message.max.bytes", 1'000'000'000, "fetch_max_bytes");
    set("queued.max.messages.kbytes", 16'384 / o_.consumer_threads, "fetch_max_bytes");
  }

  const RawOptions o_;
  Settings& s_;
};

void add_group_options(Options<O>& table) {
  table.add("topics", &O::topics, "The topics by name.")
      .add("topics_pattern", &O::topics_pattern,
           "In place of `topics`: a regular expression; topics that fit later are read from then "
           "on.")
      .add("assign", &O::assign,
           "In place of `topics`: partitions by number, [\"orders:0\", \"logs:0-11\"]. This input "
           "reads them, whoever else does: no group shares them out, offsets are kept under "
           "`group_id` all the same, which must be nobody else's. (millrace only)")
      .add("exclude_internal_topics", &O::exclude_internal_topics,
           "With `topics_pattern`: leave out Kafka's own.", one_of("true", "false"))
      .add("group_id", &O::group_id,
           "The consumer group: its members share the partitions, and under its name the brokers "
           "keep how far they came.")
      .add("group_instance_id", &O::group_instance_id,
           "A name that lasts: a restart within `session_timeout_ms` moves no partitions.")
      .add("consumer_threads", &O::consumer_threads, "Members of the group in this input.",
           at_least(std::int64_t{1}), at_most(std::int64_t{64}))
      .add("partition_assignment_strategy", &O::partition_assignment_strategy,
           "range, round_robin, or cooperative_sticky, with which only what moves is stopped. All "
           "members of a group need the same kind.")
      .add("auto_offset_reset", &O::auto_offset_reset,
           "Where the group has no offset, or one that is gone: earliest, latest, or none, which "
           "reports it and waits. Default: latest.",
           one_of("earliest", "latest", "none"))
      .add(
          "enable_auto_commit", &O::enable_auto_commit,
          "true: offsets of delivered events are committed every `auto_commit_interval_ms`; false: "
          "ten times a second. Offsets of other events never are.")
      .add("auto_commit_interval_ms", &O::auto_commit_interval_ms, "See `enable_auto_commit`.",
           at_least(std::int64_t{10}))
      .add(
          "revoke_wait", &O::revoke_wait,
          "How long the group waits until the events of a partition that moves are delivered; what "
          "is not delivered by then comes again, from its new owner. (millrace only)",
          at_least(std::chrono::milliseconds(0)))
      .add("session_timeout_ms", &O::session_timeout_ms,
           "A member that is not heard of for so long loses its partitions.",
           at_least(std::int64_t{1}))
      .add("heartbeat_interval_ms", &O::heartbeat_interval_ms, "How often it is heard of.",
           at_least(std::int64_t{1}))
      .add("max_poll_interval_ms", &O::max_poll_interval_ms,
           "The library's limit between two polls; a stalled pipeline polls on.",
           at_least(std::int64_t{1}))
      .refused("group_protocol",
               "the protocol `consumer` came with librdkafka 2.12 and is not used yet", "classic");
}

void add_fetch_options(Options<O>& table) {
  const auto some = at_least(std::int64_t{1});
  table
      .add("decorate_events", &O::decorate_events,
           "What goes into [@metadata][kafka]; basic: topic, consumer_group, partition, offset, "
           "key, timestamp; extended: headers, too. `tombstone` is there and true, in any case, "
           "where a record has no value.",
           choices<Decorate>({{"none", Decorate::none},
                              {"basic", Decorate::basic},
                              {"extended", Decorate::extended},
                              {"false", Decorate::none},
                              {"true", Decorate::basic}}))
      .add("isolation_level", &O::isolation_level,
           "read_committed: no records of transactions that are open or were aborted.",
           one_of("read_uncommitted", "read_committed"))
      .add("check_crcs", &O::check_crcs, "Check the checksums of what was fetched.")
      .add("auto_create_topics", &O::auto_create_topics,
           "Asking for a topic may make it, where the brokers allow that.")
      .add("client_rack", &O::client_rack, "Fetch from a replica in this rack.")
      .add("fetch_min_bytes", &O::fetch_min_bytes, "A fetch waits for so many bytes.", some)
      .add("fetch_max_wait_ms", &O::fetch_max_wait_ms, "But not longer than this.",
           at_least(std::int64_t{0}))
      .add("fetch_max_bytes", &O::fetch_max_bytes,
           "Bytes of a fetch. A single record that is larger is fetched all the same.",
           at_least(std::int64_t{512}), at_most(std::int64_t{900'000'000}))
      .add("max_partition_fetch_bytes", &O::max_partition_fetch_bytes,
           "Bytes of a partition in a fetch, as they are sent: what compresses well unpacks to a "
           "hundred times as many. Logstash takes four times as many; so do long links with few "
           "partitions.",
           some, at_most(std::int64_t{900'000'000}))
      .add("max_poll_records", &O::max_poll_records, "Records that are taken at once.", some,
           at_most(std::int64_t{100'000}))
      .add("poll_timeout_ms", &O::poll_timeout_ms, "How long that waits for as many.", some,
           at_most(std::int64_t{1000}))
      .add("key_deserializer_class", &O::key_deserializer_class,
           "StringDeserializer or ByteArrayDeserializer.")
      .add("value_deserializer_class", &O::value_deserializer_class,
           "StringDeserializer or ByteArrayDeserializer.");
  constexpr const char* kNoRegistry = "there is no codec for a schema registry";
  for (const char* option :
       {"schema_registry_key", "schema_registry_secret", "schema_registry_url",
        "schema_registry_proxy", "schema_registry_ssl_keystore_location",
        "schema_registry_ssl_keystore_password", "schema_registry_ssl_truststore_location",
        "schema_registry_ssl_truststore_password"})
    table.refused(option, kNoRegistry);
  table.refused("schema_registry_ssl_keystore_type", kNoRegistry, "jks")
      .refused("schema_registry_ssl_truststore_type", kNoRegistry, "jks")
      .refused("schema_registry_validation", kNoRegistry, "auto");
}

}  // namespace

Options<RawOptions> option_table() {
  Options<O> table;
  add_group_options(table);
  add_fetch_options(table);
  add_connection_options(table);
  return table;
}

std::optional<Settings> compile(RawOptions options, const PluginContext& context) {
  Settings settings;
  return Compiler(std::move(options), context, settings).run();
}

}  // namespace millrace::kafka::in
