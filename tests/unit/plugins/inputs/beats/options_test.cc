#include "plugins/inputs/beats/options.h"

#include <gtest/gtest.h>

#include "plugins/codecs/json.h"
#include "plugins/codecs/multiline.h"
#include "plugins/codecs/plain.h"
#include "plugins/inputs/beats/beats.h"
#include "tests/unit/support/fake_emitter.h"
#include "tests/unit/support/temp_directory.h"

namespace millrace::beats {
namespace {

/// What is said about `beats { port => 5044 OPTIONS }`; "" where nothing is wrong with it.
std::string messages(const std::string& options) {
  Registry codecs;
  codecs.add(plain_codec());
  codecs.add(json_codec());
  codecs.add(multiline_codec());
  const MadeInput input(beats_input(), "beats { port => 5044 " + options + " }", EcsMode::v8,
                        std::move(codecs));
  const std::string text = input.messages();
  EXPECT_EQ(input.made == nullptr, text.find("error") != std::string::npos) << text;
  return text;
}

void expect(const std::string& options, const std::string& message) {
  const std::string text = messages(options);
  EXPECT_NE(text.find(message), std::string::npos) << options << ":\n" << text;
}

TEST(BeatsOptions, LogstashsOwnExamplesAreAccepted) {
  EXPECT_EQ(messages(""), "");
  EXPECT_EQ(messages("host => '127.0.0.1' client_inactivity_timeout => 3600 executor_threads => 4 "
                     "event_loop_threads => 2 codec => json enrich => [source_metadata]"),
            "");
  EXPECT_EQ(messages("enrich => none"), "");
  EXPECT_EQ(messages("codec => plain { charset => 'UTF-8' }"), "");
}

TEST(BeatsOptions, DeprecatedOnesWorkWithAWarning) {
  expect("add_hostname => true", "warning");
  expect("include_codec_tag => false", "use `enrich`");
}

TEST(BeatsOptions, ObsoleteOnesSayWhatToUse) {
  expect("ssl => true", "use `ssl_enabled`");
  expect("ssl_verify_mode => force_peer", "use `ssl_client_authentication`");
  expect("cipher_suites => []", "use `ssl_cipher_suites`");
  expect("tls_min_version => 1.2", "use `ssl_supported_protocols`");
}

TEST(BeatsOptions, WhatContradictsItselfIsRefused) {
  expect("enrich => [all, none]", "`all` and `none` stand alone");
  expect("enrich => [all] include_codec_tag => true", "use `enrich` alone");
  expect("ssl_enabled => true", "ssl_certificate: is needed where `ssl_enabled` is true");
  expect("ssl_enabled => true", "ssl_key: is needed where `ssl_enabled` is true");
  expect("codec => multiline { pattern => '^ ' what => previous }", "multiline does not work");
  expect("ack_on => queue", "there is no queue on disk");
  EXPECT_EQ(messages("ack_on => outputs"), "");
  expect("max_frame_bytes => '1 MiB'", "is more than `max_frame_bytes`");
}

TEST(BeatsOptions, TlsFilesMustBeThereAndFitTogether) {
  const TempDirectory directory;
  const std::string file = directory.write("server.pem", "");
  const std::string tls =
      "ssl_enabled => true ssl_certificate => '" + file + "' ssl_key => '" + file + "' ";
  EXPECT_EQ(messages(tls), "");
  expect("ssl_certificate => '" + file + "'", "is not used: `ssl_enabled` is false");
  expect("ssl_enabled => true ssl_certificate => '/none.pem'", "exists and can be read");
  expect(tls + "ssl_client_authentication => required", "needs `ssl_certificate_authorities`");
  expect(tls + "ssl_allowed_clients => ['CN=a']", "needs `ssl_client_authentication => required`");
  expect(tls + "ssl_certificate_authorities => ['" + file + "']", "checks nobody unless");
  expect(tls + "ssl_cipher_suites => ['TLS_RSA_WITH_NONSENSE']", "TLS_RSA_WITH_NONSENSE");
  expect(tls + "ssl_supported_protocols => ['TLSv1.1']", "TLSv1.1");
}

TEST(BeatsOptions, EnrichTakesThePlaceOfItsDeprecatedParts) {
  BeatsOptions options;
  EXPECT_TRUE(options.enrichment().codec_tag && options.enrichment().source);
  EXPECT_FALSE(options.enrichment().tls_peer || options.enrichment().host_name);
  options.enrich = {"ssl_peer_metadata"};
  EXPECT_FALSE(options.enrichment().codec_tag || options.enrichment().source);
  EXPECT_TRUE(options.enrichment().tls_peer);
  options.enrich = {"all"};
  EXPECT_TRUE(options.enrichment().codec_tag && options.enrichment().source &&
              options.enrichment().tls_peer);
}

}  // namespace
}  // namespace millrace::beats
