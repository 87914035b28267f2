#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/plugin/registry.h"
#include "plugins/support/kafka/properties.h"

namespace millrace::kafka {

/// What the kafka input and output have in common: how brokers are reached. The plugins' own option
/// structs derive from it.
struct ConnectionOptions {
  std::string bootstrap_servers = "localhost:9092";
  std::string client_id = "logstash";
  std::optional<std::int64_t> connections_max_idle_ms;
  std::optional<std::int64_t> metadata_max_age_ms;
  std::optional<std::int64_t> receive_buffer_bytes;
  std::optional<std::int64_t> send_buffer_bytes;
  std::int64_t reconnect_backoff_ms = 50;
  std::int64_t reconnect_backoff_max_ms = 1000;
  std::optional<std::int64_t> request_timeout_ms;
  std::int64_t retry_backoff_ms = 100;

  std::string security_protocol = "PLAINTEXT";
  std::filesystem::path ssl_truststore_location;
  std::string ssl_truststore_type;
  Secret ssl_truststore_password;
  std::filesystem::path ssl_keystore_location;
  std::string ssl_keystore_type;
  Secret ssl_keystore_password;
  Secret ssl_key_password;
  std::string ssl_endpoint_identification_algorithm = "https";

  std::string sasl_mechanism = "GSSAPI";
  Secret sasl_jaas_config;
  std::string sasl_kerberos_service_name;

  Hash client_options;
};

/// A member of the base as one of the derived struct O, which is what Options<O>::add() takes.
template <typename O, typename M>
M O::*member(M ConnectionOptions::*of) {
  return of;
}

/// Declares the options of ConnectionOptions in the table of a struct that derives from it.
template <typename O>
void add_connection_options(Options<O>& table) {
  using C = ConnectionOptions;
  const auto m = [](auto of) { return member<O>(of); };
  const auto none = at_least(std::int64_t{0});
  table
      .add("bootstrap_servers", m(&C::bootstrap_servers),
           "host:port of some brokers, with commas between; the rest of the cluster is learned "
           "from them.")
      .add("client_id", m(&C::client_id), "Shows in the brokers' logs and quotas.")
      .add("client_options", m(&C::client_options),
           "Any property of librdkafka by its own name, as its CONFIGURATION.md lists them; wins "
           "over the options here. Those that would break delivery are refused. (millrace only)")
      .add("connections_max_idle_ms", m(&C::connections_max_idle_ms),
           "Connections that were idle for longer are closed; default: never.", none)
      .add("metadata_max_age_ms", m(&C::metadata_max_age_ms),
           "How often the cluster is asked for its topics and leaders; default: 5 minutes.",
           at_least(std::int64_t{1000}))
      .add("receive_buffer_bytes", m(&C::receive_buffer_bytes),
           "Of a socket; default: the system's.", none)
      .add("send_buffer_bytes", m(&C::send_buffer_bytes), "Of a socket; default: the system's.",
           none)
      .add("reconnect_backoff_ms", m(&C::reconnect_backoff_ms),
           "First pause before a broker is connected to again; doubled each time.", none)
      .add("reconnect_backoff_max_ms", m(&C::reconnect_backoff_max_ms), "The longest of them.",
           none)
      .add("request_timeout_ms", m(&C::request_timeout_ms),
           "After that an answer is given up on and the request is sent again; default: 1 minute.",
           at_least(std::int64_t{10}))
      .add("retry_backoff_ms", m(&C::retry_backoff_ms), "Pause before a request is sent again.",
           at_least(std::int64_t{1}))
      .refused("client_dns_lookup", "each address of a name is tried in turn", "use_all_dns_ips");

  table
      .add("security_protocol", m(&C::security_protocol),
           "SSL: over TLS. SASL_PLAINTEXT, SASL_SSL: with a user.",
           one_of("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"))
      .add("ssl_truststore_location", m(&C::ssl_truststore_location),
           "Who may sign the brokers' certificates: PEM, or PKCS#12; default: the system's "
           "authorities.",
           must_exist)
      .add("ssl_truststore_type", m(&C::ssl_truststore_type),
           "PEM or PKCS12; default: by the file's name, .p12 and .pfx are PKCS12.",
           one_of("PEM", "PKCS12", "JKS", "pem", "pkcs12", "jks"))
      .add("ssl_truststore_password", m(&C::ssl_truststore_password), "Of a PKCS#12 truststore.")
      .add("ssl_keystore_location", m(&C::ssl_keystore_location),
           "The client's own certificate and key: PKCS#12, or both in one PEM file.", must_exist)
      .add("ssl_keystore_type", m(&C::ssl_keystore_type),
           "PEM or PKCS12; default: by the file's name, as with the truststore.",
           one_of("PEM", "PKCS12", "JKS", "pem", "pkcs12", "jks"))
      .add("ssl_keystore_password", m(&C::ssl_keystore_password), "Of a PKCS#12 keystore.")
      .add("ssl_key_password", m(&C::ssl_key_password), "Of the key in a PEM keystore.")
      .add("ssl_endpoint_identification_algorithm", m(&C::ssl_endpoint_identification_algorithm),
           "https: the certificate must be for the broker's name; \"\" takes any that is signed.",
           one_of("https", ""));

  constexpr const char* kJava = "a Java class; use `sasl_jaas_config` or `client_options`";
  table
      .add("sasl_mechanism", m(&C::sasl_mechanism),
           "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, GSSAPI or OAUTHBEARER.",
           one_of("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI", "OAUTHBEARER"))
      .add("sasl_jaas_config", m(&C::sasl_jaas_config),
           "User and password as Java writes them: 'org.apache.kafka.common.security.plain."
           "PlainLoginModule required username=\"u\" password=\"p\";'. Of it the name of the "
           "module and its settings are read.")
      .add("sasl_kerberos_service_name", m(&C::sasl_kerberos_service_name),
           "GSSAPI: the brokers' service name.")
      .refused("sasl_client_callback_handler_class", kJava)
      .refused("sasl_login_callback_handler_class", kJava)
      .refused("sasl_iam_jar_paths", "Java classes are not loaded")
      .refused("sasl_oauthbearer_token_endpoint_url",
               "give librdkafka's own property, `client_options => { "
               "\"sasl.oauthbearer.token.endpoint.url\" => ... }`")
      .refused("sasl_oauthbearer_scope_claim_name", "the token is the broker's to read", "scope")
      .refused("sasl_login_connect_timeout_ms", "librdkafka has a limit of its own")
      .refused("sasl_login_read_timeout_ms", "librdkafka has a limit of its own")
      .refused("sasl_login_retry_backoff_ms", "librdkafka has pauses of its own", "100")
      .refused("sasl_login_retry_backoff_max_ms", "librdkafka has pauses of its own", "10000")
      .refused("jaas_path", "give the module's line in `sasl_jaas_config`")
      .refused("kerberos_config", "set KRB5_CONFIG in the environment of the process");
}

/// Adds what the options ask for to `to`. What is wrong is reported at its place; false then.
bool set_connection(const ConnectionOptions& options, const PluginContext& context, Properties& to);

/// A property that a plugin sets itself, and why a user may not: a message.
struct Reserved {
  std::string_view property;
  std::string_view why;
};

/// `client_options`, last of all: they win. Those of `reserved`, and values that the library
/// refuses, are reported; false then.
bool set_client_options(const ConnectionOptions& options, const PluginContext& context,
                        std::initializer_list<Reserved> reserved, Properties& to);

/// How messages name the cluster: "127.0.0.1:9092 (SASL_SSL, user alice)".
std::string describe_cluster(const Properties& properties);

}  // namespace millrace::kafka
