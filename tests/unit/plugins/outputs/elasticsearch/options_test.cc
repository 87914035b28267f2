#include "plugins/outputs/elasticsearch/options.h"

#include <gtest/gtest.h>

#include "plugins/codecs/plain.h"
#include "plugins/outputs/elasticsearch/output.h"
#include "tests/unit/support/plugin_harness.h"

namespace millrace::elasticsearch {
namespace {

/// What is wrong with these options; "" where nothing is.
std::string problems(const std::string& options, EcsMode ecs = EcsMode::v8) {
  Registry codecs;
  codecs.add(plain_codec());
  const MadePlugin<Output, CommonOutputOptions> plugin(
      elasticsearch_output(), "elasticsearch { " + options + " }", ecs, std::move(codecs));
  std::string text;
  for (const config::Diagnostic& one : plugin.reading.diagnostics.all())
    if (one.severity == config::Severity::error) text += one.message + "; ";
  EXPECT_EQ(text.empty(), plugin.made != nullptr) << options;
  return text;
}

TEST(ElasticsearchOptions, WhatLogstashTakesIsTaken) {
  for (const char* good : {
           "",
           "hosts => 'es1'",
           "hosts => ['http://es1:9200', 'http://es2:9200/prefix'] user => 'u' password => 'p'",
           "hosts => 'https://es1' api_key => 'id:key' ssl_verification_mode => none",
           "cloud_id => 'n:dXMtZWFzdC0xLmF3cy5mb3VuZC5pbyRhYmMka2liYW5h' cloud_auth => 'u:p'",
           "index => 'nginx-%{+YYYY.MM.dd}' document_id => '%{id}' routing => '%{r}' pipeline => "
           "'p'",
           "action => '%{[@metadata][action]}' index => 'i' document_id => '%{id}'",
           "action => update index => 'i' document_id => '%{id}' doc_as_upsert => true",
           "action => update index => 'i' document_id => '%{id}' script => 'x' scripted_upsert => "
           "true",
           "index => 'i' version => '%{v}' version_type => external",
           "data_stream => true data_stream_dataset => nginx",
           "data_stream_namespace => prod",
           "ilm_enabled => true ilm_rollover_alias => web ilm_policy => mine",
           "index => 'i' join_field => rel parent => '%{p}'",
           "sniffing => false http_compression => false",
           "failure_type_logging_whitelist => ['x'] index => 'i'",
       })
    EXPECT_EQ(problems(good), "") << good;
}

TEST(ElasticsearchOptions, MistakesAreNamed) {
  const struct {
    const char* options;
    const char* message;
  } cases[] = {
      {"hosts => 'ftp://es1'", "has a scheme that is not known"},
      {"hosts => []", "is empty"},
      {"hosts => 'http://es1' ssl_enabled => true", "`ssl_enabled` says TLS"},
      {"hosts => 'es1' cloud_id => 'n:dXMtZWFzdC0xLmF3cy5mb3VuZC5pbyRhYmMka2liYW5h'",
       "either this or `cloud_id`"},
      {"cloud_id => 'nonsense'", "base64"},
      {"user => 'u'", "needs a `password`"},
      {"api_key => 'id:key'", "over TLS only"},
      {"hosts => 'https://e' user => 'u' password => 'p' api_key => 'a:b'", "one of `user`"},
      {"ssl_cipher_suites => 'NONE' hosts => 'https://e'", "no cipher suite"},
      {"ssl_supported_protocols => 'TLSv1.1' hosts => 'https://e'", "TLSv1.1"},
      {"ca_trusted_fingerprint => 'abc' hosts => 'https://e'", "64 hexadecimal digits"},
      {"ca_trusted_fingerprint => 'abc'", "no host is asked over TLS"},
      {"ssl_keystore_type => jks hosts => 'https://e'", "Java's own"},
      {"action => frob index => 'i'", "none of index, create, update and delete"},
      {"action => update index => 'i'", "needs a `document_id`"},
      {"action => create version => 1 index => 'i'", "has no versions"},
      {"index => 'i' version_type => external", "needs a `version`"},
      {"index => 'Upper'", "has an upper-case letter"},
      {"index => 'i' parent => '%{p}'", "needs a `join_field`"},
      {"index => 'i' doc_as_upsert => true", "is for `action => update`"},
      {"data_stream => true index => 'i'", "is not for data streams"},
      {"data_stream => false data_stream_dataset => nginx", "has no effect"},
      {"data_stream_dataset => 'a-b'", "has a '-'"},
      {"index => 'i' ilm_policy => 'x'", "has no effect without ILM"},
      {"ilm_enabled => true index => 'i'", "with ILM events go to"},
      {"parameters => { filter_path => 'took' }", "filter_path"},
      {"custom_headers => { 'a b' => 'c' }", "is no header"},
      {"proxy => 'ftp://p'", "expected http://"},
      {"sniffing => true", "not supported"},
      {"document_type => doc", "obsolete"},
      {"manage_template => false template_name => 'x'", "`manage_template` is false"},
      {"dlq_custom_codes => [200]", "400"},
      {"compression_level => 10", "9"},
  };
  for (const auto& c : cases)
    EXPECT_NE(problems(c.options).find(c.message), std::string::npos)
        << c.options << ": " << problems(c.options);
}

TEST(ElasticsearchOptions, DataStreamsAreTheDefaultWithEcsAlone) {
  EXPECT_EQ(problems("data_stream_dataset => nginx", EcsMode::v8), "");
  EXPECT_NE(problems("data_stream_dataset => nginx", EcsMode::disabled), "");
}

}  // namespace
}  // namespace millrace::elasticsearch
