#include "plugins/outputs/kafka/options.h"

#include <fmt/format.h>

#include "plugins/support/kafka/property_writer.h"

namespace millrace::kafka::out {
namespace {

using O = RawOptions;

constexpr std::string_view kSerializers = "org.apache.kafka.common.serialization.";

bool is_text_or_bytes(std::string_view serializer) {
  if (serializer.starts_with(kSerializers)) serializer.remove_prefix(kSerializers.size());
  return serializer == "StringSerializer" || serializer == "ByteArraySerializer";
}

class Compiler : private PropertyWriter {
 public:
  Compiler(RawOptions options, const PluginContext& context, Settings& settings)
      : PropertyWriter(context, settings.properties), o_(std::move(options)), s_(settings) {}

  std::optional<Compiled> run() {
    auto topic = text("topic_id", o_.topic_id);
    std::optional<Template> key;
    if (o_.message_key) key = text("message_key", *o_.message_key);
    std::vector<std::pair<std::string, Template>> headers;
    for (const auto& [name, value] : o_.message_headers)
      if (auto made = text("message_headers", value)) headers.emplace_back(name, std::move(*made));
    check_serializers();
    check_mirror();
    set_properties();
    if (!good_) return std::nullopt;
    s_.component = "output " + context_.id;
    s_.plugin_id = context_.id;
    s_.most_bytes_held = static_cast<std::size_t>(o_.buffer_memory);
    return Compiled{std::move(s_),
                    {std::move(*topic), std::move(key), std::move(headers),
                     std::shared_ptr<const Encoder>(context_.codec->encoder()),
                     static_cast<std::size_t>(o_.max_request_size)}};
  }

 private:
  std::optional<Template> text(std::string_view option, const std::string& value) {
    auto made = Template::parse(value);
    if (made && (!value.empty() || option != "topic_id")) return std::move(*made);
    error(option, made ? "is empty" : made.error().message);
    return std::nullopt;
  }

  /// A whole configuration that is a mirror is not made of outputs.
  void check_mirror() {
    if (o_.mirror)
      error("mirror",
            "only one kafka input, and this output, without filters or conditions, make a mirror",
            "take out the others, or take out `mirror`: events are sent as the other options say");
    else if (given("mirror_options"))
      error("mirror_options", "are for `mirror => true`");
  }

  void check_serializers() {
    for (const auto& [option, value] : {std::pair{"key_serializer", &o_.key_serializer},
                                        std::pair{"value_serializer", &o_.value_serializer}})
      if (!is_text_or_bytes(*value))
        error(option, fmt::format("`{}` is a Java class", *value),
              "StringSerializer and ByteArraySerializer are known: both send the bytes that the "
              "codec makes");
  }

  void set_properties() {
    good_ &= kafka::set_connection(o_, context_, s_.properties);
    set_delivery();
    set("linger.ms", o_.linger_ms, "linger_ms");
    set("compression.type", o_.compression_type, "compression_type");
    set("message.max.bytes", o_.max_request_size, "max_request_size");
    set("batch.size", o_.batch_size, "batch_size");
    set("request.timeout.ms", o_.request_timeout_ms, "request_timeout_ms");
    // What is held is bounded in bytes here, see buffer_memory; the library must not be in the way.
    set("queue.buffering.max.messages", "10000000", "buffer_memory");
    set("queue.buffering.max.kbytes", "2097151", "buffer_memory");
    set_partitioner();
    good_ &= kafka::set_client_options(
        o_, context_,
        {{"acks", "use the option `acks`"},
         {"request.required.acks", "use the option `acks`"},
         {"delivery.report.only.error", "without a report no event would count as delivered"},
         {"transactional.id", "records are not sent in transactions"},
         {"enable.gapless.guarantee", "lost records are sent again by millrace itself"}},
        s_.properties);
  }

  void set_delivery() {
    if (o_.acks == "0")
      error("acks", "0: a record that no broker acknowledges cannot count as delivered",
            "use all, or 1");
    set("acks", o_.acks == "0" ? "1" : o_.acks, "acks");
    const bool idempotent = o_.acks == "all";
    if (!o_.client_options.find("enable.idempotence")) {
      set("enable.idempotence", idempotent ? "true" : "false", "acks");
      // One request at a time keeps the order when one of them is tried again.
      if (!idempotent) set("max.in.flight.requests.per.connection", "1", "acks");
    }
    // For ever and in order; see `retries` for who wants it otherwise.
    set("message.timeout.ms", "0", "retries");
    if (!o_.retries) return;
    if (*o_.retries == 0 && idempotent)
      return error("retries", "0 does not go with acks => all",
                   "leave it out: an event is tried until it is delivered");
    set("message.send.max.retries", o_.retries, "retries");
    context_.warning("retries",
                     "no event is given up: after so many tries it is sent anew, which may change "
                     "the order of a key's records");
  }

  void set_partitioner() {
    const std::string& name = o_.partitioner;
    if (name == "round_robin") {
      s_.partitioner = kafka::Producer::Partitioner::round_robin;
      // Otherwise the library asks nobody where records without key go.
      set("sticky.partitioning.linger.ms", "0", "partitioner");
      return;
    }
    if (name == "uniform_sticky" && o_.message_key)
      error("partitioner", "uniform_sticky takes no notice of `message_key`",
            "use round_robin, or leave `message_key` out");
    else if (name != "default" && name != "uniform_sticky")
      error("partitioner", fmt::format("`{}` is not known", name),
            "default, round_robin or uniform_sticky; librdkafka's own by `client_options => { "
            "\"partitioner\" => ... }`");
    // As Java's client: murmur2 of the key; without a key one partition for each batch.
    set("partitioner", "murmur2_random", "partitioner");
  }

  const RawOptions o_;
  Settings& s_;
};

}  // namespace

Options<RawOptions> option_table() {
  Options<O> table;
  const auto some = at_least(std::int64_t{1});
  table.add("topic_id", &O::topic_id, "Where to; may refer to fields.", required)
      .add("message_key", &O::message_key,
           "The record's key; may refer to fields. Records of one key are in one partition, in the "
           "order of their events.")
      .add("message_headers", &O::message_headers,
           "The record's headers by name; the values may refer to fields.")
      .add("acks", &O::acks,
           "all: the replicas that are in step have the record when it counts as delivered, and "
           "tries again store nothing twice. 1: only the leader has it, which Logstash is content "
           "with. 0 is refused.",
           one_of("0", "1", "all"))
      .add("compression_type", &O::compression_type, "Of the batches.",
           one_of("none", "gzip", "snappy", "lz4", "zstd"))
      .add("partitioner", &O::partitioner,
           "default: by the key as Java's client does it, without a key a batch to each partition "
           "in turn. round_robin: each record to the next one. uniform_sticky: as default, for "
           "records without key.")
      .add("batch_size", &O::batch_size, "Bytes of a batch; default: 1000000.", some,
           at_most(std::int64_t{2'147'483'647}))
      .add("buffer_memory", &O::buffer_memory,
           "Bytes of events that wait for the brokers, at most.", at_least(std::int64_t{1024}))
      .add("linger_ms", &O::linger_ms, "How long a batch waits for more records.",
           at_least(std::int64_t{0}), at_most(std::int64_t{900'000}))
      .add("max_request_size", &O::max_request_size,
           "Bytes of a record, at most; a larger one goes to the dead letters. The brokers have a "
           "limit of their own: message.max.bytes.",
           at_least(std::int64_t{1000}), at_most(std::int64_t{1'000'000'000}))
      .add("retries", &O::retries,
           "How often librdkafka sends a record again by itself; default: until it is there. An "
           "event is never given up.",
           at_least(std::int64_t{0}), at_most(std::int64_t{2'147'483'647}))
      .add("key_serializer", &O::key_serializer, "StringSerializer or ByteArraySerializer.")
      .add("value_serializer", &O::value_serializer, "StringSerializer or ByteArraySerializer.")
      .refused("metadata_fetch_timeout_ms", "a topic is waited for as long as it takes", "60000")
      .add("mirror", &O::mirror,
           "true: records of the kafka input go on as they are, without becoming events; input and "
           "output are the whole configuration then, see mirroring.md. (millrace only)")
      .add("mirror_options", &O::mirror_options,
           "The keys of `millrace mirror`'s files, and `source_alias` and `target_alias`. "
           "(millrace only)");
  kafka::add_connection_options(table);
  return table;
}

std::optional<Compiled> compile(RawOptions options, const PluginContext& context) {
  Settings settings;
  return Compiler(std::move(options), context, settings).run();
}

}  // namespace millrace::kafka::out
