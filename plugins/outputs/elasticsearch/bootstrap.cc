#include "plugins/outputs/elasticsearch/bootstrap.h"

#include <fmt/format.h>

#include "pipeline/event/buffer.h"
#include "pipeline/event/json_write.h"

namespace millrace::elasticsearch {
namespace {

std::string json_text(std::string_view text) {
  Buffer out;
  write_json_string(text, out);
  return std::string(out.view());
}

/// Both forms: strings are searched as words and, in full, as `.keyword`; addresses and places have
/// their types; what has an odd type in one event does not cost the event.
constexpr std::string_view kClassicMappings = R"({
"dynamic_templates":[
{"message_field":{"path_match":"message","match_mapping_type":"string","mapping":{"type":"text","norms":false}}},
{"string_fields":{"match":"*","match_mapping_type":"string","mapping":{"type":"text","norms":false,"fields":{"keyword":{"type":"keyword","ignore_above":256}}}}}],
"properties":{
"@timestamp":{"type":"date"},
"@version":{"type":"keyword"},
"geoip":{"dynamic":true,"properties":{"ip":{"type":"ip"},"location":{"type":"geo_point"},"latitude":{"type":"half_float"},"longitude":{"type":"half_float"}}}}})";

constexpr std::string_view kEcsMappings = R"({
"date_detection":false,
"dynamic_templates":[
{"ecs_text":{"match":"message","match_mapping_type":"string","mapping":{"type":"text","norms":false}}},
{"ecs_original":{"path_match":"event.original","match_mapping_type":"string","mapping":{"type":"keyword","index":false,"doc_values":false}}},
{"ecs_ip":{"path_match":"*.ip","match_mapping_type":"string","mapping":{"type":"ip","ignore_malformed":true}}},
{"ecs_location":{"path_match":"*.geo.location","mapping":{"type":"geo_point"}}},
{"ecs_words":{"path_match":"*.original","match_mapping_type":"string","mapping":{"type":"keyword","ignore_above":1024,"fields":{"text":{"type":"text","norms":false}}}}},
{"string_fields":{"match_mapping_type":"string","mapping":{"type":"keyword","ignore_above":1024}}}],
"properties":{
"@timestamp":{"type":"date"},
"@version":{"type":"keyword"},
"message":{"type":"text","norms":false},
"tags":{"type":"keyword","ignore_above":1024},
"ecs":{"properties":{"version":{"type":"keyword"}}}}})";

std::string default_settings(const BootstrapSettings& settings, bool serverless) {
  std::string text = R"({"index.refresh_interval":"5s")";
  if (!serverless) text += R"(,"index.number_of_shards":1)";
  if (settings.ilm)
    text += fmt::format(R"(,"index.lifecycle.name":{},"index.lifecycle.rollover_alias":{})",
                        json_text(settings.ilm_policy), json_text(settings.ilm_alias));
  return text + "}";
}

constexpr std::string_view kDefaultPolicy =
    R"({"policy":{"phases":{"hot":{"actions":{"rollover":{"max_size":"50gb","max_age":"30d"}}}}}})";

void add_ilm(const BootstrapSettings& settings, std::vector<BootstrapStep>& steps) {
  const std::string policy = "/_ilm/policy/" + url_encoded(settings.ilm_policy);
  const std::string what = "ILM policy " + settings.ilm_policy;
  if (settings.ilm_default_policy) {
    steps.push_back({what, "GET", policy, "", BootstrapStep::Expect::is_there, 1});
    steps.push_back({what, "PUT", policy, std::string(kDefaultPolicy)});
  } else {
    steps.push_back({what, "GET", policy, "", BootstrapStep::Expect::must_be});
  }
}

void add_alias(const BootstrapSettings& settings, std::vector<BootstrapStep>& steps) {
  const std::string what = "rollover alias " + settings.ilm_alias;
  const std::string index = fmt::format("<{}-{}>", settings.ilm_alias, settings.ilm_pattern);
  steps.push_back({what, "HEAD", "/" + url_encoded(settings.ilm_alias), "",
                   BootstrapStep::Expect::is_there, 1});
  steps.push_back({what, "PUT", "/" + url_encoded(index),
                   fmt::format(R"({{"aliases":{{{}:{{"is_write_index":true}}}}}})",
                               json_text(settings.ilm_alias))});
}

bool is_composable(const BootstrapSettings& settings, const ServerInfo& server) {
  using Api = BootstrapSettings::Api;
  if (settings.api != Api::automatic) return settings.api == Api::composable;
  return server.family == ServerInfo::Family::opensearch || server.serverless || server.major >= 8;
}

}  // namespace

std::string default_template(const BootstrapSettings& settings, bool composable, bool serverless) {
  const std::string patterns =
      json_text(settings.ilm ? settings.ilm_alias + "-*" : settings.index_pattern);
  const std::string options = default_settings(settings, serverless);
  const std::string_view mappings = settings.ecs ? kEcsMappings : kClassicMappings;
  if (composable)
    return fmt::format(
        R"({{"index_patterns":[{}],"priority":200,"template":{{"settings":{},"mappings":{}}}}})",
        patterns, options, mappings);
  return fmt::format(R"({{"index_patterns":[{}],"order":0,"settings":{},"mappings":{}}})", patterns,
                     options, mappings);
}

Result<std::vector<BootstrapStep>> bootstrap_steps(const BootstrapSettings& settings,
                                                   const ServerInfo& server) {
  if (settings.data_stream && !server.has_data_streams())
    return fail(Errc::unsupported,
                fmt::format("{} has no data streams: set `data_stream => false` and an `index`",
                            server.text()));
  if (settings.ilm && (server.family == ServerInfo::Family::opensearch || server.serverless))
    return fail(
        Errc::unsupported,
        fmt::format(
            "{} has no index lifecycle management: set `ilm_enabled => false` (OpenSearch manages "
            "indices by ISM policies, which apply by themselves)",
            server.text()));
  std::vector<BootstrapStep> steps;
  if (settings.ilm) add_ilm(settings, steps);
  if (settings.manage_template) {
    const bool composable = is_composable(settings, server);
    if (composable && !server.has_composable_templates())
      return fail(Errc::unsupported,
                  fmt::format("{} has no composable templates: set `template_api => legacy`",
                              server.text()));
    const std::string path =
        (composable ? "/_index_template/" : "/_template/") + url_encoded(settings.template_name);
    const std::string what = "template " + settings.template_name;
    if (!settings.overwrite)
      steps.push_back({what, "HEAD", path, "", BootstrapStep::Expect::is_there, 1});
    steps.push_back({what, "PUT", path,
                     settings.template_body.empty()
                         ? default_template(settings, composable, server.serverless)
                         : settings.template_body});
  }
  if (settings.ilm) add_alias(settings, steps);
  return steps;
}

StepResult judge(const BootstrapStep& step, int status, std::string_view body) {
  const bool good = status >= 200 && status < 300;
  if (good)
    return step.expect == BootstrapStep::Expect::is_there ? StepResult::skip : StepResult::next;
  if (status == 403) return StepResult::no_rights;
  if (status == 401 || status == 408 || status == 425 || status == 429 || status >= 500 ||
      status < 400)
    return StepResult::again;
  if (status == 404 && step.expect == BootstrapStep::Expect::is_there) return StepResult::next;
  // Several instances may start together: who comes second finds it made.
  const bool exists =
      status == 409 || (status == 400 && body.find("already_exists") != std::string_view::npos);
  return exists && step.expect == BootstrapStep::Expect::done ? StepResult::next
                                                              : StepResult::refused;
}

std::string url_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~").find(c) != std::string_view::npos;
    if (plain)
      encoded.push_back(c);
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace millrace::elasticsearch
