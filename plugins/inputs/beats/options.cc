#include "plugins/inputs/beats/options.h"

#include <algorithm>

namespace millrace::beats {
namespace {

using Authentication = TlsServerSettings::ClientAuthentication;

bool has(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

void add_network_options(Options<BeatsOptions>& options) {
  using O = BeatsOptions;
  options.add("host", &O::host, "The address to listen on.")
      .add("port", &O::port, "The port to listen on; 0: any that is free, which the log names.",
           required)
      .add(
          "client_inactivity_timeout", &O::client_inactivity_timeout,
          "A connection on which nothing was sent for this long is closed, unless events of it are "
          "on their way. 0: never.")
      .add("executor_threads", &O::executor_threads, "Threads that decode.", at_most(1024),
           default_text("one for each core"))
      .add("event_loop_threads", &O::event_loop_threads,
           "Threads for connections, handshakes and acknowledgements; 0: one, which serves "
           "thousands of connections.",
           at_most(64))
      .add("enrich", &O::enrich,
           "What is added to events: `source_metadata` (the client's address), `codec_metadata` "
           "(a tag that names the codec), `ssl_peer_metadata` (the TLS connection and the client's "
           "certificate); or `all`, or `none`.",
           one_of("source_metadata", "codec_metadata", "ssl_peer_metadata", "all", "none"),
           default_text("[\"codec_metadata\", \"source_metadata\"]"))
      .add("add_hostname", &O::add_hostname,
           "Copies [beat][hostname] to where events have no host name.",
           deprecated("Beats send the name in [host][name] themselves"))
      .add("include_codec_tag", &O::include_codec_tag, "Adds the tag that names the codec.",
           deprecated("use `enrich`"));
}

void add_tls_options(Options<BeatsOptions>& options) {
  using O = BeatsOptions;
  using std::chrono::milliseconds;
  options.add("ssl_enabled", &O::ssl_enabled, "Whether clients must use TLS.")
      .add("ssl_certificate", &O::ssl_certificate,
           "The server's certificate, PEM, those between it and its authority behind it.",
           must_exist)
      .add("ssl_key", &O::ssl_key,
           "Its private key, PEM. The file must not be readable by everybody.", must_exist)
      .add("ssl_key_passphrase", &O::ssl_key_passphrase, "What the key is encrypted with.")
      .add("ssl_certificate_authorities", &O::ssl_certificate_authorities,
           "PEM files of the authorities that clients' certificates must come from.", must_exist)
      .add("ssl_client_authentication", &O::ssl_client_authentication,
           "Whether clients must show a certificate. optional: one that is shown must be good.",
           choices<Authentication>({{"none", Authentication::none},
                                    {"optional", Authentication::if_given},
                                    {"required", Authentication::always}}))
      .add(
          "ssl_allowed_clients", &O::ssl_allowed_clients,
          "Whose certificates are let in, of those that are good: subjects as RFC 2253 writes them "
          "(`CN=web-1,O=acme`), which the log and `ssl_peer_metadata` show, or alternative names. "
          "Compared as they stand.",
          default_text("all"))
      .add("ssl_handshake_timeout", &O::ssl_handshake_timeout,
           "How long a TLS handshake may take. A number counts milliseconds.",
           bare_unit(milliseconds(1)), at_least(milliseconds(1)))
      .add("ssl_cipher_suites", &O::ssl_cipher_suites,
           "Cipher suites by their standard names, the preferred one first.",
           default_text("those with forward secrecy and authenticated encryption"))
      .add("ssl_supported_protocols", &O::ssl_supported_protocols,
           "Versions of TLS. TLSv1.1 is refused: it is broken.", one_of("TLSv1.2", "TLSv1.3"))
      .add("ssl_reload_interval", &O::ssl_reload_interval,
           "How often it is looked whether the files have changed; new connections use the new "
           "ones. 0: never.");
}

void add_limit_options(Options<BeatsOptions>& options) {
  using O = BeatsOptions;
  using std::chrono::milliseconds;
  options
      .add("max_memory", &O::max_memory,
           "Memory of all connections together, of events up to their delivery: past it nothing "
           "more is read. What clients wait for is kept alive.",
           at_least(Bytes{1 << 20}))
      .add("max_connections", &O::max_connections, "Further connections are closed at once.",
           at_least(1))
      .add("max_connections_per_address", &O::max_connections_per_address,
           "The same for the connections of one address.", at_least(1))
      .add("max_handshakes", &O::max_handshakes,
           "TLS handshakes at a time; further connections wait, and while some do a handshake may "
           "take "
           "1 s.",
           at_least(1))
      .add("max_window_events", &O::max_window_events,
           "Events of a window (bulk_max_size of a Beat); one that announces more is closed.",
           at_least(1))
      .add("max_event_bytes", &O::max_event_bytes,
           "A larger event is cut to its first 64 KiB and tagged `_beats_event_too_large`.",
           at_least(Bytes{1024}))
      .add("max_frame_bytes", &O::max_frame_bytes,
           "A connection that sends a larger frame, as it comes over the network, is closed.",
           at_least(Bytes{1024}))
      .add("max_inflated_bytes", &O::max_inflated_bytes,
           "A connection whose window inflates to more is closed.", at_least(Bytes{1024}))
      .add("strict_windows", &O::strict_windows,
           "Whether an event outside of a window closes its connection; else it is a window of its "
           "own.")
      .add("keepalive", &O::keepalive,
           "How often a client that waits is told that its events are not forgotten. Must be below "
           "half of the clients' timeout.",
           at_least(milliseconds(10)))
      .add("receive_timeout", &O::receive_timeout,
           "A connection that sends nothing for this long in the middle of a window is closed.",
           at_least(milliseconds(10)))
      .add("max_connection_age", &O::max_connection_age,
           "An older connection is closed between two windows, so that clients spread over new "
           "servers. 0: never.")
      .add("max_window_age", &O::max_window_age,
           "A connection of whose windows nothing was delivered for this long is closed, so that "
           "its "
           "client can try another server; what is on its way comes twice then. 0: never.")
      .add("partial_acks", &O::partial_acks,
           "Whether clients are told how much of a window is delivered before all of it is. Beats "
           "send all of a window again all the same when their connection breaks.");
}

}  // namespace

Options<BeatsOptions> beats_options() {
  Options<BeatsOptions> options;
  add_network_options(options);
  add_tls_options(options);
  add_limit_options(options);
  options
      .refused(
          "ack_on",
          "there is no queue on disk: a window is acknowledged when all outputs have its events",
          "outputs")
      .obsolete("ssl", "use `ssl_enabled`")
      .obsolete("ssl_peer_metadata", "use `enrich`")
      .obsolete("ssl_verify_mode", "use `ssl_client_authentication`")
      .obsolete("cipher_suites", "use `ssl_cipher_suites`")
      .obsolete("tls_min_version", "use `ssl_supported_protocols`")
      .obsolete("tls_max_version", "use `ssl_supported_protocols`");
  return options;
}

Limits BeatsOptions::limits() const {
  Limits limits;
  limits.window_events = max_window_events;
  limits.event_bytes = max_event_bytes.count;
  limits.frame_bytes = max_frame_bytes.count;
  limits.inflated_bytes = max_inflated_bytes.count;
  limits.strict_windows = strict_windows;
  return limits;
}

TlsServerSettings BeatsOptions::tls() const {
  return {.certificate = ssl_certificate.value_or(""),
          .key = ssl_key.value_or(""),
          .key_passphrase = ssl_key_passphrase,
          .authorities = ssl_certificate_authorities,
          .client_authentication = ssl_client_authentication,
          .protocols = ssl_supported_protocols,
          .cipher_suites = ssl_cipher_suites};
}

Enrichment BeatsOptions::enrichment() const {
  Enrichment wanted{.codec_tag = include_codec_tag, .host_name = add_hostname};
  if (!enrich) return wanted;
  const bool all = has(*enrich, "all");
  wanted.codec_tag = all || has(*enrich, "codec_metadata");
  wanted.source = all || has(*enrich, "source_metadata");
  wanted.tls_peer = all || has(*enrich, "ssl_peer_metadata");
  return wanted;
}

bool check(const BeatsOptions& options, const PluginContext& context) {
  bool good = true;
  const auto refuse = [&](std::string_view option, std::string why) {
    context.error(option, std::move(why));
    good = false;
  };
  const auto given = [&](std::string_view option) { return context.places.given(option); };
  if (options.enrich && given("include_codec_tag"))
    refuse("include_codec_tag", "stands beside `enrich`, which says it too: use `enrich` alone");
  if (options.enrich && options.enrich->size() > 1 &&
      (has(*options.enrich, "all") || has(*options.enrich, "none")))
    refuse("enrich", "`all` and `none` stand alone");
  if (options.max_frame_bytes.count < options.max_event_bytes.count)
    refuse("max_event_bytes", "is more than `max_frame_bytes`");
  if (!options.ssl_enabled) {
    for (const std::string_view option :
         {"ssl_certificate", "ssl_key", "ssl_client_authentication", "ssl_allowed_clients"})
      if (given(option)) context.warning(option, "is not used: `ssl_enabled` is false");
    return good;
  }
  if (!options.ssl_certificate) refuse("ssl_certificate", "is needed where `ssl_enabled` is true");
  if (!options.ssl_key) refuse("ssl_key", "is needed where `ssl_enabled` is true");
  const bool wants_clients = options.ssl_client_authentication != Authentication::none;
  if (wants_clients && options.ssl_certificate_authorities.empty())
    refuse("ssl_client_authentication", "needs `ssl_certificate_authorities` to check clients by");
  if (!wants_clients && !options.ssl_certificate_authorities.empty())
    refuse("ssl_certificate_authorities",
           "checks nobody unless `ssl_client_authentication` is `optional` or `required`");
  if (options.ssl_client_authentication != Authentication::always &&
      !options.ssl_allowed_clients.empty())
    refuse("ssl_allowed_clients", "needs `ssl_client_authentication => required`");
  if (auto known = check_cipher_suites(options.ssl_cipher_suites); !known)
    refuse("ssl_cipher_suites", known.error().message);
  return good;
}

}  // namespace millrace::beats
