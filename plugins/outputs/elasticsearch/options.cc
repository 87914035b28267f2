#include "plugins/outputs/elasticsearch/options.h"

namespace millrace::elasticsearch {
namespace {

using O = RawOptions;

void add_connection_options(Options<O>& table) {
  table
      .add("hosts", &O::hosts,
           "The nodes: URLs, or host:port. Requests go to the live one with the least to do; one "
           "that is lost is asked again until it is back.",
           default_text("http://127.0.0.1:9200"))
      .add("cloud_id", &O::cloud_id, "In place of `hosts`: the id that the cloud console shows.")
      .add("cloud_auth", &O::cloud_auth, "In place of `user` and `password`: user:password.")
      .add("user", &O::user, "Basic authentication, with `password`.")
      .add("password", &O::password, "Of `user`.")
      .add("api_key", &O::api_key, "id:key, or both as base64. Elasticsearch only, over TLS only.")
      .add("path", &O::path, "Stands before every path, where the URLs of `hosts` have none.")
      .add("bulk_path", &O::bulk_path, "Where bulk requests go.", default_text("/_bulk"))
      .add("healthcheck_path", &O::healthcheck_path,
           "Asked before `/` when a lost node may be back; must answer 200.", default_text("/"))
      .add("parameters", &O::parameters, "Goes into the query of bulk requests.")
      .add("custom_headers", &O::custom_headers, "Headers of every request.")
      .add("proxy", &O::proxy,
           "http://, https:// or socks5:// URL; may hold credentials. Proxies in the environment "
           "are not used.")
      .add("timeout", &O::timeout,
           "Of a request; its outcome is unknown then, and it is sent again.",
           at_least(std::chrono::milliseconds(1)))
      .add("resurrect_delay", &O::resurrect_delay,
           "When a lost node is asked again; doubles to a minute.",
           at_least(std::chrono::milliseconds(1)))
      .add("retry_initial_interval", &O::retry_initial_interval,
           "Pauses after refusals that may pass are random up to this, doubled each time.",
           at_least(std::chrono::milliseconds(1)))
      .add("retry_max_interval", &O::retry_max_interval, "The longest of these pauses.",
           at_least(std::chrono::milliseconds(1)))
      .add("validate_after_inactivity", &O::validate_after_inactivity,
           "A connection that was idle for longer is not used again.",
           bare_unit(std::chrono::milliseconds(1)), at_least(std::chrono::milliseconds(0)))
      .add("pool_max", &O::pool_max, "Connections, at most.", at_least(1))
      .add("pool_max_per_route", &O::pool_max_per_route, "Connections to a node, at most.",
           at_least(1))
      .add("compression_level", &O::compression_level,
           "Of gzip for requests; 0: none. The workers compress.", at_least(0), at_most(9))
      .add("http_compression", &O::http_compression, "false: as `compression_level => 0`.",
           deprecated("compression_level"))
      .add("max_concurrency", &O::max_concurrency,
           "Requests under way at the same time, at most; 0: two for each node. Fewer while the "
           "server is busy. (millrace only)",
           at_least(0), at_most(1000))
      .add("target_bytes", &O::target_bytes,
           "Size of a request, before compression. Smaller where there is nothing to wait for; a "
           "larger event goes alone. (millrace only)",
           at_least(Bytes{1}), at_most(Bytes{100 << 20}))
      .refused("sniffing",
               "nodes that a node names would get the credentials; list all of them in `hosts`",
               "false")
      .refused("sniffing_delay", "there is no sniffing: list the nodes in `hosts`")
      .refused("sniffing_path", "there is no sniffing: list the nodes in `hosts`");
}

void add_tls_options(Options<O>& table) {
  table.add("ssl_enabled", &O::ssl_enabled, "TLS; default: as the URLs of `hosts` say.")
      .add("ssl_verification_mode", &O::ssl_verification_mode,
           "`none` takes any certificate: anybody in between can read and change the events.",
           one_of("full", "none"))
      .add("ssl_certificate_authorities", &O::ssl_certificate_authorities,
           "PEM files; only what they have signed is trusted.", must_exist)
      .add("ssl_truststore_path", &O::ssl_truststore_path, "The same as a PKCS#12 file.",
           must_exist)
      .add("ssl_truststore_type", &O::ssl_truststore_type, "Only pkcs12 can be read.",
           one_of("pkcs12", "jks"))
      .add("ssl_truststore_password", &O::ssl_truststore_password, "Of the truststore.")
      .add("ssl_keystore_path", &O::ssl_keystore_path,
           "PKCS#12: the client's own certificate with its key.", must_exist)
      .add("ssl_keystore_type", &O::ssl_keystore_type, "Only pkcs12 can be read.",
           one_of("pkcs12", "jks"))
      .add("ssl_keystore_password", &O::ssl_keystore_password, "Of the keystore.")
      .add("ssl_certificate", &O::ssl_certificate, "PEM: the client's own, with `ssl_key`.",
           must_exist)
      .add("ssl_key", &O::ssl_key, "PEM, without a passphrase.", must_exist)
      .add("ssl_supported_protocols", &O::ssl_supported_protocols, "Default: both.",
           one_of("TLSv1.2", "TLSv1.3"))
      .add("ssl_cipher_suites", &O::ssl_cipher_suites,
           "Standard names, such as TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384.")
      .add("ca_trusted_fingerprint", &O::ca_trusted_fingerprint,
           "SHA-256 of an authority's certificate that the server shows: trusted as if it were in "
           "`ssl_certificate_authorities`.")
      .obsolete("ssl", "use `ssl_enabled`")
      .obsolete("ssl_certificate_verification", "use `ssl_verification_mode`")
      .obsolete("cacert", "use `ssl_certificate_authorities`")
      .obsolete("truststore", "use `ssl_truststore_path`")
      .obsolete("truststore_password", "use `ssl_truststore_password`")
      .obsolete("keystore", "use `ssl_keystore_path`")
      .obsolete("keystore_password", "use `ssl_keystore_password`");
}

void add_document_options(Options<O>& table) {
  table
      .add("action", &O::action,
           "index, create, update or delete; may refer to fields. Default: create for data "
           "streams, else index.",
           default_text("index"))
      .add("index", &O::index, "Where to; may refer to fields and to the event's time.",
           default_text("ecs-logstash-%{+yyyy.MM.dd}, or logstash-%{+yyyy.MM.dd}"))
      .add("document_id", &O::document_id,
           "With %{[@metadata][millrace][id]} an event that comes again is not stored twice. An "
           "event that lacks a field it refers to is refused.")
      .add("routing", &O::routing, "The document's routing; may refer to fields.")
      .add("pipeline", &O::pipeline, "Ingest pipeline; may refer to fields.")
      .add("version", &O::version, "The document's version; may refer to fields.")
      .add("version_type", &O::version_type, "What `version` means.",
           one_of("internal", "external", "external_gt", "external_gte", "force"))
      .add("parent", &O::parent, "With `join_field`: the id of the parent document.")
      .add("join_field", &O::join_field, "The field of the join type.")
      .add("upsert", &O::upsert, "update: the document where there is none, as JSON.")
      .add("doc_as_upsert", &O::doc_as_upsert, "update: the event where there is none.")
      .add("script", &O::script, "update: a script in place of the event.")
      .add("script_type", &O::script_type, "indexed: `script` is the name of a stored one.",
           one_of("inline", "indexed"))
      .add("script_lang", &O::script_lang, "Of an inline script.")
      .add("script_var_name", &O::script_var_name, "The event's name in the script's params.")
      .add("scripted_upsert", &O::scripted_upsert, "update: the script makes new documents, too.")
      .add("retry_on_conflict", &O::retry_on_conflict, "update: by the server itself.", at_least(0))
      .obsolete("document_type", "types are gone from Elasticsearch 8; leave it out");
}

void add_stream_options(Options<O>& table) {
  table
      .add("data_stream", &O::data_stream,
           "auto: yes, unless `ecs_compatibility` is disabled or an option is given that data "
           "streams do not have, such as `index`.",
           one_of("true", "false", "auto"))
      .add("data_stream_type", &O::data_stream_type, "First part of the name.",
           one_of("logs", "metrics", "synthetics", "traces"))
      .add("data_stream_dataset", &O::data_stream_dataset, "Second part of the name.")
      .add("data_stream_namespace", &O::data_stream_namespace, "Third part of the name.")
      .add("data_stream_sync_fields", &O::data_stream_sync_fields,
           "Put the parts of the name into the documents' `data_stream` fields.")
      .add("data_stream_auto_routing", &O::data_stream_auto_routing,
           "An event's own `data_stream` fields win.");
}

void add_server_options(Options<O>& table) {
  table
      .add("manage_template", &O::manage_template,
           "Install an index template where the server has none of this name. Not with data "
           "streams.")
      .add("template_name", &O::template_name, "Its name.",
           default_text("ecs-logstash, or logstash"))
      .add("template", &O::template_path, "A JSON file to install in place of the built-in one.",
           must_exist)
      .add("template_overwrite", &O::template_overwrite, "Install it even where there is one.")
      .add("template_api", &O::template_api, "auto: composable, but legacy on Elasticsearch 7.",
           one_of("auto", "legacy", "composable"))
      .add("ilm_enabled", &O::ilm_enabled,
           "Index lifecycle management, which Elasticsearch has and OpenSearch has not. auto: "
           "where `ilm_rollover_alias` is given.",
           one_of("true", "false", "auto"))
      .add("ilm_rollover_alias", &O::ilm_rollover_alias, "Where to, with ILM.",
           default_text("ecs-logstash, or logstash"))
      .add("ilm_pattern", &O::ilm_pattern, "What follows the alias in the first index's name.")
      .add("ilm_policy", &O::ilm_policy, "The default one is made where it is missing.");
}

void add_refusal_options(Options<O>& table) {
  table
      .add("dlq_custom_codes", &O::dlq_custom_codes,
           "Statuses of items that are refused for good, beside those that always are.",
           at_least(std::int64_t{400}), at_most(std::int64_t{599}))
      .add("dlq_on_failed_indexname_interpolation", &O::dlq_on_failed_indexname_interpolation,
           "Refuse events that lack a field that `index` refers to; false: the server decides "
           "about the name with the reference in it.")
      .add("drop_error_types", &O::drop_error_types,
           "Events that the server refuses with these error types are dropped.")
      .add("silence_errors_in_log", &O::silence_errors_in_log, "Error types that are not logged.",
           also_called("failure_type_logging_whitelist"));
}

}  // namespace

Options<RawOptions> option_table() {
  Options<O> table;
  add_connection_options(table);
  add_tls_options(table);
  add_document_options(table);
  add_stream_options(table);
  add_server_options(table);
  add_refusal_options(table);
  return table;
}

}  // namespace millrace::elasticsearch
