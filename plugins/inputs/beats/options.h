#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/plugin/registry.h"
#include "plugins/inputs/beats/decoder.h"
#include "plugins/inputs/beats/event_reader.h"
#include "plugins/support/tls_server.h"

namespace millrace::beats {

/// The options of the beats input: Logstash's, and bounds of its own.
struct BeatsOptions {
  using Milliseconds = std::chrono::milliseconds;

  std::string host = "0.0.0.0";
  std::uint16_t port = 0;
  Milliseconds client_inactivity_timeout{60'000};
  std::uint32_t executor_threads = 0;  ///< 0: one for each core
  std::uint32_t event_loop_threads = 0;
  bool add_hostname = false;
  bool include_codec_tag = true;
  std::optional<std::vector<std::string>> enrich;

  bool ssl_enabled = false;
  std::optional<std::filesystem::path> ssl_certificate;
  std::optional<std::filesystem::path> ssl_key;
  Secret ssl_key_passphrase;
  std::vector<std::filesystem::path> ssl_certificate_authorities;
  TlsServerSettings::ClientAuthentication ssl_client_authentication =
      TlsServerSettings::ClientAuthentication::none;
  std::vector<std::string> ssl_allowed_clients;
  Milliseconds ssl_handshake_timeout{10'000};
  std::vector<std::string> ssl_cipher_suites;
  std::vector<std::string> ssl_supported_protocols = {"TLSv1.2", "TLSv1.3"};
  Milliseconds ssl_reload_interval{10'000};

  Bytes max_memory{64 << 20};
  std::uint32_t max_connections = 2048;
  std::uint32_t max_connections_per_address = 256;
  std::uint32_t max_handshakes = 64;
  std::uint32_t max_window_events = 65'536;
  Bytes max_event_bytes{16 << 20};
  Bytes max_frame_bytes{128 << 20};
  Bytes max_inflated_bytes{256 << 20};
  bool strict_windows = true;
  Milliseconds keepalive{5'000};
  Milliseconds receive_timeout{30'000};
  Milliseconds max_connection_age{0};
  Milliseconds max_window_age{0};
  bool partial_acks = false;

  Limits limits() const;
  TlsServerSettings tls() const;
  /// What `enrich`, or the deprecated options in its place, ask for.
  Enrichment enrichment() const;
};

Options<BeatsOptions> beats_options();

/// Reports what contradicts itself; false where something does.
bool check(const BeatsOptions& options, const PluginContext& context);

}  // namespace millrace::beats
