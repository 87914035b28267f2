#include <fmt/format.h>

#include "pipeline/event/base64.h"
#include "plugins/outputs/elasticsearch/options.h"

namespace millrace::elasticsearch {
namespace {

/// Options that data streams do not have; `action => create` and `manage_template => false` say
/// what they do anyway.
constexpr const char* kNotForStreams[] = {
    "action",          "index",           "version",
    "version_type",    "upsert",          "doc_as_upsert",
    "script",          "script_type",     "script_lang",
    "script_var_name", "scripted_upsert", "retry_on_conflict",
    "parent",          "join_field",      "manage_template",
    "template",        "template_name",   "template_overwrite",
    "template_api",    "ilm_enabled",     "ilm_rollover_alias",
    "ilm_pattern",     "ilm_policy"};
constexpr const char* kOnlyForStreams[] = {"data_stream_type", "data_stream_dataset",
                                           "data_stream_namespace", "data_stream_sync_fields",
                                           "data_stream_auto_routing"};

bool rules_streams_out(const char* option, const RawOptions& options,
                       const PluginContext& context) {
  if (!context.places.given(option)) return false;
  const std::string_view name = option;
  if (name == "action") return options.action != "create";
  if (name == "manage_template") return options.manage_template;
  return true;
}

/// Compiles options; reports what is wrong and goes on, so that all of it is seen at once.
class Compiler {
 public:
  Compiler(RawOptions options, const PluginContext& context)
      : o_(std::move(options)), context_(context), streams_(uses_data_streams(o_, context)) {}

  std::optional<Settings> run() {
    s_.component = "output " + context_.id;
    s_.pipeline_id = context_.pipeline.id;
    s_.plugin_id = context_.id;
    conceal_credentials();
    check_streams();
    compile_hosts();
    compile_authorization();
    compile_tls();
    compile_http();
    compile_paths();
    compile_actions();
    compile_update();
    compile_bootstrap();
    s_.limits.target_bytes = o_.target_bytes.count;
    s_.backoff = {o_.retry_initial_interval, o_.retry_max_interval};
    s_.resurrect_delay = o_.resurrect_delay;
    for (const std::int64_t code : o_.dlq_custom_codes)
      s_.items.dead_letter_codes.push_back(static_cast<int>(code));
    s_.items.drop_error_types = o_.drop_error_types;
    s_.silent_errors = o_.silence_errors_in_log;
    return good_ ? std::optional(std::move(s_)) : std::nullopt;
  }

 private:
  void error(std::string_view option, std::string message, std::string hint = {}) {
    good_ = false;
    context_.error(option, std::move(message), std::move(hint));
  }
  bool given(std::string_view option) const { return context_.places.given(option); }

  /// URLs may hold passwords: they are not quoted in messages.
  void conceal_credentials() {
    for (const char* option : {"hosts", "proxy", "custom_headers"}) {
      const config::Value* const value = context_.places.value(option);
      if (value) context_.diagnostics.conceal(value->span);
    }
  }

  void check_streams() {
    if (o_.data_stream == "true") {
      for (const char* option : kNotForStreams)
        if (rules_streams_out(option, o_, context_))
          error(option, "is not for data streams", "leave it out, or set data_stream => false");
    } else if (!streams_) {
      for (const char* option : kOnlyForStreams)
        if (given(option))
          error(option, "has no effect: events do not go to a data stream here",
                "set data_stream => true");
    }
    for (const auto& [option, value] :
         {std::pair{"data_stream_dataset", o_.data_stream_dataset},
          std::pair{"data_stream_namespace", o_.data_stream_namespace}}) {
      std::string_view problem =
          value.size() > 100 ? "is longer than 100 bytes" : index_name_problem("x" + value);
      if (value.empty()) problem = "is empty";
      if (value.find('-') != std::string::npos)
        problem = "has a '-', which separates the parts of the name";
      if (!problem.empty()) error(option, fmt::format("\"{}\" {}", value, problem));
    }
  }

  void compile_hosts() {
    if (!o_.cloud_id.empty()) {
      if (given("hosts")) error("hosts", "either this or `cloud_id`");
      auto address = parse_cloud_id(o_.cloud_id);
      if (!address) return error("cloud_id", address.error().message);
      return add_host(std::move(*address));
    }
    if (o_.hosts.empty()) return error("hosts", "is empty", "name at least one node");
    for (const std::string& text : o_.hosts) {
      auto address = parse_host(text, o_.ssl_enabled.value_or(false), o_.path);
      if (!address) {
        error("hosts", address.error().message);
        continue;
      }
      const bool tls = address->base.starts_with("https://");
      if (o_.ssl_enabled && *o_.ssl_enabled != tls)
        error("hosts", fmt::format("{}: `ssl_enabled` says {}", address->base,
                                   *o_.ssl_enabled ? "TLS" : "no TLS"));
      add_host(std::move(*address));
    }
  }

  void add_host(HostAddress address) {
    tls_ = tls_ || address.base.starts_with("https://");
    all_tls_ = all_tls_ && address.base.starts_with("https://");
    Host host;
    host.base = std::move(address.base);
    if (!address.user.empty()) host.authorization = basic(address.user, address.password);
    s_.hosts.push_back(std::move(host));
  }

  static std::string basic(const std::string& user, const Secret& password) {
    return "Authorization: Basic " + base64(user + ":" + password.reveal());
  }

  void compile_authorization() {
    const int ways = !o_.user.empty() + !o_.api_key.empty() + !o_.cloud_auth.empty();
    if (ways > 1)
      error(!o_.api_key.empty() ? "api_key" : "cloud_auth",
            "one of `user`, `cloud_auth` and `api_key`");
    if (!o_.user.empty() && o_.password.empty()) error("user", "needs a `password`");
    if (o_.user.empty() && !o_.password.empty()) error("password", "needs a `user`");
    std::string line;
    if (!o_.user.empty()) line = basic(o_.user, o_.password);
    if (!o_.cloud_auth.empty()) {
      const std::string& both = o_.cloud_auth.reveal();
      const std::size_t colon = both.find(':');
      if (colon == std::string::npos || colon == 0)
        return error("cloud_auth", "expected user:password");
      line = basic(both.substr(0, colon), Secret(both.substr(colon + 1)));
    }
    if (!o_.api_key.empty()) {
      const std::string& key = o_.api_key.reveal();
      line = "Authorization: ApiKey " + (key.find(':') == std::string::npos ? key : base64(key));
      if (!all_tls_) error("api_key", "is sent over TLS only", "use https:// in `hosts`");
      if (key.find_first_of("\r\n") != std::string::npos) error("api_key", "has a line break");
    }
    for (Host& host : s_.hosts)
      if (host.authorization.empty()) host.authorization = line;
  }

  void compile_tls() {
    TlsSettings& tls = s_.http.tls;
    for (const char* option :
         {"ssl_verification_mode", "ssl_certificate_authorities", "ssl_truststore_path",
          "ssl_keystore_path", "ssl_certificate", "ssl_key", "ssl_supported_protocols",
          "ssl_cipher_suites", "ca_trusted_fingerprint"})
      if (given(option) && !tls_)
        error(option, "no host is asked over TLS",
              "use https:// in `hosts`, or ssl_enabled => true");
    tls.verify = o_.ssl_verification_mode == "full";
    if (tls_ && !tls.verify)
      context_.warning("ssl_verification_mode", "none: nobody checks who the server is");
    for (const auto& path : o_.ssl_certificate_authorities)
      tls.authorities.push_back(path.string());
    constexpr const char* kConvert =
        "keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype pkcs12";
    if (o_.ssl_truststore_type == "jks")
      error("ssl_truststore_type", "jks is Java's own", kConvert);
    if (o_.ssl_keystore_type == "jks") error("ssl_keystore_type", "jks is Java's own", kConvert);
    tls.truststore = o_.ssl_truststore_path.string();
    tls.truststore_password = o_.ssl_truststore_password;
    tls.keystore = o_.ssl_keystore_path.string();
    tls.keystore_password = o_.ssl_keystore_password;
    tls.certificate = o_.ssl_certificate.string();
    tls.key = o_.ssl_key.string();
    if (tls.certificate.empty() != tls.key.empty())
      error(tls.key.empty() ? "ssl_certificate" : "ssl_key",
            "`ssl_certificate` and `ssl_key` go together");
    if (!tls.certificate.empty() && !tls.keystore.empty())
      error("ssl_keystore_path", "either this or `ssl_certificate`");
    for (const auto& [store, password, option] :
         {std::tuple{&tls.truststore, &tls.truststore_password, "ssl_truststore_password"},
          std::tuple{&tls.keystore, &tls.keystore_password, "ssl_keystore_password"}})
      if (store->empty() && !password->empty()) error(option, "there is no store that it opens");
    tls.protocols = o_.ssl_supported_protocols;
    tls.cipher_suites = o_.ssl_cipher_suites;
    if (auto ciphers = cipher_lists(tls.cipher_suites); !ciphers)
      error("ssl_cipher_suites", ciphers.error().message);
    for (const std::string& text : o_.ca_trusted_fingerprint) {
      auto fingerprint = normal_fingerprint(text);
      if (fingerprint)
        tls.trusted_fingerprints.push_back(std::move(*fingerprint));
      else
        error("ca_trusted_fingerprint", fingerprint.error().message);
    }
  }

  void compile_http() {
    HttpSettings& http = s_.http;
    http.timeout = o_.timeout;
    http.connect_timeout = std::min(o_.timeout, http.connect_timeout);
    http.most_idle = o_.validate_after_inactivity;
    http.most_connections = o_.pool_max;
    http.most_per_host = o_.pool_max_per_route;
    http.most_answer_bytes = kMostAnswerBytes;
    if (!o_.proxy.empty()) compile_proxy();
    s_.headers = {"User-Agent: millrace/" MILLRACE_VERSION};
    for (const auto& [name, value] : o_.custom_headers) {
      if (name.empty() || name.find_first_of(": \r\n") != std::string::npos ||
          value.find_first_of("\r\n") != std::string::npos)
        error("custom_headers", fmt::format("\"{}\" is no header", name));
      else
        s_.headers.push_back(name + ": " + value);
    }
    const std::size_t each = 2;
    s_.concurrency = o_.max_concurrency > 0 ? static_cast<std::size_t>(o_.max_concurrency)
                                            : each * s_.hosts.size();
  }

  void compile_proxy() {
    const std::size_t scheme = o_.proxy.find("://");
    const std::string name = o_.proxy.substr(0, scheme);
    const bool known = name == "http" || name == "https" || name == "socks5" || name == "socks5h";
    if (scheme == std::string::npos || !known)
      return error("proxy", "expected http://, https:// or socks5://");
    auto address = parse_host("http" + o_.proxy.substr(scheme), false, "");
    if (!address) return error("proxy", "is no URL");
    s_.http.proxy = name + address->base.substr(4);
    s_.http.proxy_user = address->user;
    s_.http.proxy_password = address->password;
  }

  void compile_paths() {
    const auto rooted = [](std::string path) { return path.starts_with('/') ? path : "/" + path; };
    std::string path = o_.bulk_path.empty() ? "/_bulk" : rooted(o_.bulk_path);
    // What the parser needs and no more: small answers, one entry an action all the same.
    path += path.find('?') == std::string::npos ? '?' : '&';
    path += "filter_path=errors,items.*.status,items.*.error,items.*.failure_store";
    for (const auto& [name, value] : o_.parameters) {
      if (name == "filter_path")
        error("parameters",
              "filter_path is millrace's own: without all statuses nothing is delivered");
      path += "&" + url_encoded(name) + "=" + url_encoded(value);
    }
    s_.bulk_path = std::move(path);
    if (!o_.healthcheck_path.empty() && o_.healthcheck_path != "/")
      s_.healthcheck_path = rooted(o_.healthcheck_path);
  }

  std::optional<EventText> text(const char* option, const std::string& source) {
    if (source.empty()) return std::nullopt;
    auto parsed = EventText::parse(source);
    if (parsed) return std::move(*parsed);
    error(option, parsed.error().message);
    return std::nullopt;
  }

  void compile_actions() {
    ActionSettings& actions = s_.actions;
    const auto constant = action_kind(o_.action);
    actions.default_action = constant.value_or(streams_ ? ActionKind::create : ActionKind::index);
    if (!constant) actions.action = text("action", o_.action);
    if (actions.action && actions.action->is_constant())
      error("action", fmt::format("\"{}\" is none of index, create, update and delete", o_.action));
    actions.document_id = text("document_id", o_.document_id);
    const bool needs_id = constant == ActionKind::update || constant == ActionKind::remove;
    if (needs_id && o_.document_id.empty())
      error("action", fmt::format("{} needs a `document_id`", o_.action));
    actions.routing = text("routing", o_.routing);
    actions.pipeline = text("pipeline", o_.pipeline);
    actions.version = text("version", o_.version);
    actions.version_type = o_.version_type;
    const bool takes_version = constant != ActionKind::create && constant != ActionKind::update;
    if (!o_.version.empty() && !takes_version)
      error("version", fmt::format("{} has no versions", o_.action));
    if (!o_.version_type.empty() && o_.version.empty()) error("version_type", "needs a `version`");
    actions.compression_level = o_.http_compression ? o_.compression_level : 0;
    actions.index_must_resolve = o_.dlq_on_failed_indexname_interpolation;
    compile_join();
    if (streams_)
      actions.stream = ActionSettings::Stream{o_.data_stream_type, o_.data_stream_dataset,
                                              o_.data_stream_namespace, o_.data_stream_auto_routing,
                                              o_.data_stream_sync_fields};
    else
      compile_index();
  }

  void compile_index() {
    const char* const name = context_.ecs == EcsMode::disabled ? "logstash" : "ecs-logstash";
    if (uses_ilm()) {
      if (given("index"))
        error("index", "with ILM events go to `ilm_rollover_alias`", "leave one of them out");
      s_.actions.index =
          text("ilm_rollover_alias", o_.ilm_rollover_alias.empty() ? name : o_.ilm_rollover_alias);
      return;
    }
    s_.actions.index = text("index", o_.index);
    s_.actions.default_index = text("index", std::string(name) + "-%{+yyyy.MM.dd}");
    if (s_.actions.index && s_.actions.index->is_constant())
      if (const auto problem = index_name_problem(o_.index); !problem.empty())
        error("index", fmt::format("\"{}\" {}", o_.index, problem));
  }

  void compile_join() {
    if (o_.parent.empty() && o_.join_field.empty()) return;
    if (o_.join_field.empty())
      return error("parent", "needs a `join_field`: parents without one went with Elasticsearch 5");
    auto field = FieldRef::parse(o_.join_field);
    if (!field) return error("join_field", field.error().message);
    s_.actions.join_field = std::move(*field);
    s_.actions.parent = text("parent", o_.parent);
    // A child is stored where its parent is.
    if (!s_.actions.routing) s_.actions.routing = s_.actions.parent;
  }

  void compile_update() {
    ActionSettings& actions = s_.actions;
    actions.retry_on_conflict = o_.retry_on_conflict;
    actions.doc_as_upsert = o_.doc_as_upsert;
    actions.upsert = text("upsert", o_.upsert);
    actions.script = o_.script;
    actions.stored_script = o_.script_type == "indexed";
    actions.script_lang = o_.script_lang;
    actions.script_var_name = o_.script_var_name;
    actions.scripted_upsert = o_.scripted_upsert;
    const bool may_update = actions.action || actions.default_action == ActionKind::update;
    for (const char* option : {"upsert", "doc_as_upsert", "script", "script_type", "script_lang",
                               "script_var_name", "scripted_upsert", "retry_on_conflict"})
      if (given(option) && !may_update) error(option, "is for `action => update`");
    for (const char* option : {"script_type", "script_lang", "script_var_name", "scripted_upsert"})
      if (given(option) && o_.script.empty()) error(option, "needs a `script`");
    if (o_.doc_as_upsert && !o_.upsert.empty()) error("upsert", "either this or `doc_as_upsert`");
  }

  bool uses_ilm() const {
    if (streams_ || o_.ilm_enabled == "false") return false;
    return o_.ilm_enabled == "true" || !o_.ilm_rollover_alias.empty();
  }

  void compile_bootstrap() {
    using Api = BootstrapSettings::Api;
    BootstrapSettings& b = s_.bootstrap;
    const std::string name = context_.ecs == EcsMode::disabled ? "logstash" : "ecs-logstash";
    b.ecs = context_.ecs != EcsMode::disabled;
    b.data_stream = streams_;
    b.manage_template = o_.manage_template && !streams_;
    b.overwrite = o_.template_overwrite;
    b.api = o_.template_api == "auto"     ? Api::automatic
            : o_.template_api == "legacy" ? Api::legacy
                                          : Api::composable;
    b.template_name = o_.template_name.empty() ? name : o_.template_name;
    b.template_file = o_.template_path.string();
    b.index_pattern = name + "-*";
    b.ilm = uses_ilm();
    for (const char* option : {"ilm_rollover_alias", "ilm_pattern", "ilm_policy"})
      if (given(option) && !b.ilm && !streams_)
        error(option, "has no effect without ILM", "set ilm_enabled => true, or leave it out");
    for (const char* option : {"template", "template_name", "template_overwrite", "template_api"})
      if (given(option) && !b.manage_template && !streams_)
        error(option, "`manage_template` is false");
    b.ilm_alias = o_.ilm_rollover_alias.empty() ? name : o_.ilm_rollover_alias;
    if (b.ilm && b.ilm_alias.find("%{") != std::string::npos)
      error("ilm_rollover_alias", "cannot refer to fields: there is one alias");
    b.ilm_pattern = o_.ilm_pattern;
    b.ilm_policy = o_.ilm_policy;
    b.ilm_default_policy = o_.ilm_policy == RawOptions().ilm_policy;
  }

  RawOptions o_;
  const PluginContext& context_;
  const bool streams_;
  Settings s_;
  bool good_ = true;
  bool tls_ = false;
  bool all_tls_ = true;
};

}  // namespace

bool uses_data_streams(const RawOptions& options, const PluginContext& context) {
  if (options.data_stream != "auto") return options.data_stream == "true";
  if (context.ecs == EcsMode::disabled) return false;
  for (const char* option : kNotForStreams)
    if (rules_streams_out(option, options, context)) return false;
  return true;
}

std::optional<Settings> compile(RawOptions options, const PluginContext& context) {
  return Compiler(std::move(options), context).run();
}

}  // namespace millrace::elasticsearch
