#include "plugins/support/kafka/connection_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/support/kafka/jaas.h"
#include "plugins/support/kafka/property_writer.h"

namespace millrace::kafka {
namespace {

constexpr const char* kConvert =
    "convert it: keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype "
    "pkcs12";

class Compiler : private PropertyWriter {
 public:
  Compiler(const ConnectionOptions& options, const PluginContext& context, Properties& to)
      : PropertyWriter(context, to), o_(options) {}

  bool run() {
    set_network();
    set_tls();
    set_sasl();
    return good_;
  }

 private:
  void set_network() {
    if (o_.bootstrap_servers.empty())
      error("bootstrap_servers", "is empty", "name at least one broker, such as kafka1:9092");
    set("bootstrap.servers", o_.bootstrap_servers, "bootstrap_servers");
    set("client.id", o_.client_id, "client_id");
    set("connections.max.idle.ms", o_.connections_max_idle_ms, "connections_max_idle_ms");
    set("topic.metadata.refresh.interval.ms", o_.metadata_max_age_ms, "metadata_max_age_ms");
    set("socket.receive.buffer.bytes", o_.receive_buffer_bytes, "receive_buffer_bytes");
    set("socket.send.buffer.bytes", o_.send_buffer_bytes, "send_buffer_bytes");
    if (o_.reconnect_backoff_max_ms < o_.reconnect_backoff_ms)
      error("reconnect_backoff_max_ms", "is less than `reconnect_backoff_ms`");
    set("reconnect.backoff.ms", o_.reconnect_backoff_ms, "reconnect_backoff_ms");
    set("reconnect.backoff.max.ms", o_.reconnect_backoff_max_ms, "reconnect_backoff_max_ms");
    set("retry.backoff.ms", o_.retry_backoff_ms, "retry_backoff_ms");
    set("socket.timeout.ms", o_.request_timeout_ms, "request_timeout_ms");
    // A silent link is noticed by the system rather than by the next request's timeout.
    set("socket.keepalive.enable", "true", "client_options");
    set("log.connection.close", "false", "client_options");
  }

  /// "PEM", "PKCS12" or "JKS".
  static std::string store_type(const std::filesystem::path& path, std::string type) {
    std::transform(type.begin(), type.end(), type.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    if (!type.empty()) return type;
    const auto extension = path.extension();
    if (extension == ".p12" || extension == ".pfx") return "PKCS12";
    return extension == ".jks" ? "JKS" : "PEM";
  }

  void set_tls() {
    const bool tls = o_.security_protocol == "SSL" || o_.security_protocol == "SASL_SSL";
    set("security.protocol", o_.security_protocol, "security_protocol");
    if (!tls) return check_no_tls();
    set("ssl.endpoint.identification.algorithm",
        o_.ssl_endpoint_identification_algorithm.empty() ? "none" : "https",
        "ssl_endpoint_identification_algorithm");
    set_truststore();
    set_keystore();
  }

  void check_no_tls() {
    for (const char* option : {"ssl_truststore_location", "ssl_truststore_type",
                               "ssl_truststore_password", "ssl_keystore_location",
                               "ssl_keystore_type", "ssl_keystore_password", "ssl_key_password"})
      if (given(option))
        error(option,
              fmt::format("there is no TLS with security_protocol => {}", o_.security_protocol),
              "security_protocol => SSL or SASL_SSL");
  }

  void set_truststore() {
    if (o_.ssl_truststore_location.empty()) return;
    const std::string type = store_type(o_.ssl_truststore_location, o_.ssl_truststore_type);
    if (type == "JKS") return error("ssl_truststore_location", "JKS is Java's own", kConvert);
    if (type == "PKCS12")
      return error("ssl_truststore_location", "librdkafka reads authorities from PEM files only",
                   "convert it: openssl pkcs12 -in FILE.p12 -nokeys -out FILE.pem");
    set("ssl.ca.location", o_.ssl_truststore_location.string(), "ssl_truststore_location");
  }

  void set_keystore() {
    const std::string file = o_.ssl_keystore_location.string();
    if (file.empty()) return;
    const std::string type = store_type(o_.ssl_keystore_location, o_.ssl_keystore_type);
    if (type == "JKS") return error("ssl_keystore_location", "JKS is Java's own", kConvert);
    if (type == "PKCS12") {
      set("ssl.keystore.location", file, "ssl_keystore_location");
      set_secret("ssl.keystore.password", o_.ssl_keystore_password.reveal(),
                 "ssl_keystore_password");
      return;
    }
    set("ssl.certificate.location", file, "ssl_keystore_location");
    set("ssl.key.location", file, "ssl_keystore_location");
    if (!o_.ssl_key_password.empty())
      set_secret("ssl.key.password", o_.ssl_key_password.reveal(), "ssl_key_password");
  }

  void set_sasl() {
    if (!o_.security_protocol.starts_with("SASL_")) {
      for (const char* option : {"sasl_mechanism", "sasl_jaas_config"})
        if (given(option))
          error(option,
                fmt::format("there is no SASL with security_protocol => {}", o_.security_protocol),
                "security_protocol => SASL_SSL or SASL_PLAINTEXT");
      return;
    }
    set("sasl.mechanism", o_.sasl_mechanism, "sasl_mechanism");
    if (!o_.sasl_kerberos_service_name.empty())
      set("sasl.kerberos.service.name", o_.sasl_kerberos_service_name,
          "sasl_kerberos_service_name");
    if (!o_.sasl_jaas_config.empty()) return set_login();
    const bool needs_user = o_.sasl_mechanism == "PLAIN" || o_.sasl_mechanism.starts_with("SCRAM");
    if (needs_user && !o_.client_options.find("sasl.username"))
      error("sasl_mechanism", fmt::format("{} needs a user and a password", o_.sasl_mechanism),
            "give `sasl_jaas_config`, or sasl.username and sasl.password in `client_options`");
  }

  void set_login() {
    const auto line = parse_jaas(o_.sasl_jaas_config.reveal());
    if (!line) return error("sasl_jaas_config", line.error().message);
    const auto take = [&](std::string_view from, std::string_view property, bool secret) {
      if (const auto value = line->get(from); !value.empty())
        to_.set(property, std::string(value), "sasl_jaas_config", secret);
    };
    if (line->module == "PlainLoginModule" || line->module == "ScramLoginModule") {
      if (line->get("username").empty() || line->get("password").empty())
        return error("sasl_jaas_config", "needs username=\"...\" and password=\"...\"");
      take("username", "sasl.username", false);
      return take("password", "sasl.password", true);
    }
    if (line->module == "Krb5LoginModule") {
      take("keyTab", "sasl.kerberos.keytab", false);
      return take("principal", "sasl.kerberos.principal", false);
    }
    if (line->module == "OAuthBearerLoginModule") {
      take("clientId", "sasl.oauthbearer.client.id", false);
      take("clientSecret", "sasl.oauthbearer.client.secret", true);
      return take("scope", "sasl.oauthbearer.scope", false);
    }
    error("sasl_jaas_config", fmt::format("`{}` is not known here", line->module),
          "PlainLoginModule, ScramLoginModule, Krb5LoginModule or OAuthBearerLoginModule");
  }

  const ConnectionOptions& o_;
};

bool is_secret(std::string_view property) {
  for (const char* part : {"password", "secret", "ssl.key.pem", "oauthbearer.config"})
    if (property.find(part) != std::string_view::npos) return true;
  return false;
}

}  // namespace

bool set_connection(const ConnectionOptions& options, const PluginContext& context,
                    Properties& to) {
  return Compiler(options, context, to).run();
}

bool set_client_options(const ConnectionOptions& options, const PluginContext& context,
                        std::initializer_list<Reserved> reserved, Properties& to) {
  bool good = true;
  const auto refuse = [&](std::string_view option, std::string message, std::string hint = {}) {
    context.error(option, std::move(message), std::move(hint));
    good = false;
  };
  for (const config::HashEntry& entry : options.client_options) {
    const auto value = texts(entry.value);
    const auto known = std::find_if(reserved.begin(), reserved.end(),
                                    [&](const Reserved& one) { return one.property == entry.key; });
    if (known != reserved.end()) {
      refuse("client_options", fmt::format("`{}`: {}", entry.key, known->why));
    } else if (entry.key == "plugin.library.paths") {
      refuse("client_options", "`plugin.library.paths`: foreign code is not loaded");
    } else if (!value || value->size() != 1) {
      refuse("client_options", fmt::format("`{}` needs one text or number", entry.key));
    } else {
      to.set(entry.key, value->front(), "client_options", is_secret(entry.key));
    }
  }
  for (const Properties::Refusal& refusal : to.check()) refuse(refusal.entry->option, refusal.why);
  return good;
}

std::string describe_cluster(const Properties& properties) {
  const auto text = [&](std::string_view name) {
    const auto* entry = properties.find(name);
    return entry ? entry->value : std::string();
  };
  std::string out = text("bootstrap.servers") + " (" + text("security.protocol");
  if (const auto mechanism = text("sasl.mechanism"); !mechanism.empty()) out += ", " + mechanism;
  if (const auto user = text("sasl.username"); !user.empty()) out += ", user " + user;
  return out + ")";
}

}  // namespace millrace::kafka
