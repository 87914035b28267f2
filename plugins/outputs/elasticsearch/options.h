#pragma once

#include "pipeline/plugin/registry.h"
#include "plugins/outputs/elasticsearch/bootstrap.h"
#include "plugins/outputs/elasticsearch/encode.h"
#include "plugins/outputs/elasticsearch/hosts.h"
#include "plugins/support/http_client.h"

namespace millrace::elasticsearch {

/// The options as they are written.
struct RawOptions {
  // where
  std::vector<std::string> hosts{"http://127.0.0.1:9200"};
  std::string cloud_id;
  Secret cloud_auth;
  std::string user;
  Secret password;
  Secret api_key;
  std::string path;
  std::string bulk_path;
  std::string healthcheck_path;
  StringPairs parameters;
  StringPairs custom_headers;
  std::string proxy;
  std::chrono::milliseconds timeout{60'000};
  std::chrono::milliseconds resurrect_delay{5000};
  std::chrono::milliseconds retry_initial_interval{2000};
  std::chrono::milliseconds retry_max_interval{64'000};
  std::chrono::milliseconds validate_after_inactivity{10'000};
  int pool_max = 1000;
  int pool_max_per_route = 100;
  int compression_level = 1;
  bool http_compression = true;
  int max_concurrency = 0;
  Bytes target_bytes{5 << 20};

  // TLS
  std::optional<bool> ssl_enabled;
  std::string ssl_verification_mode = "full";
  std::vector<std::filesystem::path> ssl_certificate_authorities;
  std::filesystem::path ssl_truststore_path;
  std::string ssl_truststore_type = "pkcs12";
  Secret ssl_truststore_password;
  std::filesystem::path ssl_keystore_path;
  std::string ssl_keystore_type = "pkcs12";
  Secret ssl_keystore_password;
  std::filesystem::path ssl_certificate;
  std::filesystem::path ssl_key;
  std::vector<std::string> ssl_supported_protocols;
  std::vector<std::string> ssl_cipher_suites;
  std::vector<std::string> ca_trusted_fingerprint;

  // what
  std::string action;
  std::string index;
  std::string document_id;
  std::string routing;
  std::string pipeline;
  std::string version;
  std::string version_type;
  std::string parent;
  std::string join_field;
  std::string upsert;
  bool doc_as_upsert = false;
  std::string script;
  std::string script_type = "inline";
  std::string script_lang = "painless";
  std::string script_var_name = "event";
  bool scripted_upsert = false;
  std::int64_t retry_on_conflict = 1;

  // data streams
  std::string data_stream = "auto";
  std::string data_stream_type = "logs";
  std::string data_stream_dataset = "generic";
  std::string data_stream_namespace = "default";
  bool data_stream_sync_fields = true;
  bool data_stream_auto_routing = true;

  // what the server must have
  bool manage_template = true;
  std::string template_name;
  std::filesystem::path template_path;
  bool template_overwrite = false;
  std::string template_api = "auto";
  std::string ilm_enabled = "auto";
  std::string ilm_rollover_alias;
  std::string ilm_pattern = "{now/d}-000001";
  std::string ilm_policy = "logstash-policy";

  // refused events
  std::vector<std::int64_t> dlq_custom_codes;
  bool dlq_on_failed_indexname_interpolation = true;
  std::vector<std::string> drop_error_types;
  std::vector<std::string> silence_errors_in_log;
};

/// The options checked and compiled: what the output's parts work with.
struct Settings {
  std::string component;  ///< who speaks in the log
  std::string pipeline_id;
  std::string plugin_id;
  std::vector<Host> hosts;
  HttpSettings http;
  std::vector<std::string> headers;  ///< of every request
  std::string bulk_path;             ///< "/_bulk?filter_path=..."
  std::string healthcheck_path;      ///< "": the root is all that is asked
  ActionSettings actions;
  RequestLimits limits;
  Backoff backoff;
  std::chrono::milliseconds resurrect_delay{};
  std::size_t concurrency = 2;
  ItemPolicy items;
  std::vector<std::string> silent_errors;
  BootstrapSettings bootstrap;
};

Options<RawOptions> option_table();

/// nullopt: what is wrong was reported at its place.
std::optional<Settings> compile(RawOptions options, const PluginContext& context);

/// Does the configuration mean data streams? As Logstash decides for `data_stream => auto`: not
/// with ecs_compatibility disabled, nor with an option that data streams do not have.
bool uses_data_streams(const RawOptions& options, const PluginContext& context);

}  // namespace millrace::elasticsearch
