#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "grok/grok.h"
#include "patterns/embedded.h"
#include "plugins/support/grok_patterns.h"

namespace millrace {
namespace {

TEST(EmbeddedPatterns, AreFilesWithoutErrors) {
  EXPECT_GT(embedded_patterns().size(), 40u);
  for (const EmbeddedPatternFile& file : embedded_patterns()) {
    grok::PatternSet patterns;
    const auto wrong = patterns.add_file(file.text, std::string(file.file));
    EXPECT_FALSE(wrong) << wrong->message;
  }
}

TEST(EmbeddedPatterns, AllNamesOfBothSetsCompile) {
  for (const EcsMode mode : {EcsMode::disabled, EcsMode::v8}) {
    const grok::PatternSet patterns = standard_patterns(mode);
    EXPECT_GE(patterns.all().size(), mode == EcsMode::disabled ? 317u : 361u);
    for (const auto& [name, definition] : patterns.all()) {
      auto compiled = grok::Pattern::compile("%{" + name + "}", patterns);
      EXPECT_TRUE(compiled) << name << ": " << grok::render(compiled.error());
    }
  }
}

using Fields = std::map<std::string, std::string>;

/// What a standard pattern captures from a line; nullopt where it does not match.
std::optional<Fields> captures(EcsMode mode, const std::string& expression,
                               const std::string& line) {
  auto pattern = grok::Pattern::compile(expression, standard_patterns(mode));
  EXPECT_TRUE(pattern) << expression;
  if (!pattern) return std::nullopt;
  grok::Pattern::Scratch scratch;
  const std::vector<grok::Capture>& goals = (*pattern)->captures();
  std::vector<grok::Span> spans(goals.size());
  if ((*pattern)->match(line, scratch, spans) != grok::Outcome::match) return std::nullopt;
  Fields fields;
  for (std::size_t i = 0; i < goals.size(); ++i)
    if (spans[i].end > spans[i].begin)
      fields[goals[i].field] = line.substr(spans[i].begin, spans[i].end - spans[i].begin);
  return fields;
}

struct Line {
  EcsMode mode;
  std::string expression;
  std::string line;
  std::optional<Fields> fields;  // some of them; "" stands for none. nullopt: no match
};

TEST(EmbeddedPatterns, CaptureWhatLogstashsDo) {
  const std::string flow = "192.0.2.1/53->198.51.100.2/161 junos-snmp 17(0) deny-all in out";
  const std::string cloudfront =
      "2016-06-10\t18:41:39\tIAD53\t-\t192.0.2.1\tGET\tx.example.net\t/"
      "a\t200\t-\tAgent\t-\t-\tMiss\tid=="
      "\th.example.com\thttps\t883\t0.036\t-\tTLSv1.2\tAES\tHit";
  const std::string exim = "2013-03-20 12:44:02 1UIIN7-0004t9-8R <= root@example.com ";
  const std::string haproxy =
      "192.0.2.1:1 [04/Nov/2020:08:32:18.194] front back/node 0/0/0/0/0 200 240 - - ---- 1/1/0/0/0 "
      "0/0 ";
  const std::string bind =
      "17-Feb-2018 23:06:56.326 queries: info: client 192.0.2.1#53 (a.example): query: a.example "
      "IN A ";
  const EcsMode legacy = EcsMode::disabled;
  const EcsMode ecs = EcsMode::v8;
  const std::vector<Line> lines = {
      // All that follows the % of a zone is the zone's.
      {legacy,
       "^%{IPV6:ip} %{WORD:last}$",
       "fe80::1%eth0 and more",
       {{{"ip", "fe80::1%eth0 and"}, {"last", "more"}}}},
      {legacy, "^%{IPV6:ip}$", "::ffff:192.0.2.255", {{{"ip", "::ffff:192.0.2.255"}}}},
      {legacy, "^%{IPV6:ip}$", "::ffff:192.0.2.256", std::nullopt},
      {ecs, "^%{IPV6:ip}$", "1:2:3:4:5:6:300.0.2.1", std::nullopt},
      {legacy,
       "%{RT_FLOW3}",
       "RT_FLOW_SESSION_DENY: session denied " + flow + " UNKNOWN N/A",
       {{{"to-zone", "out"}}}},
      {legacy, "%{RT_FLOW3}", "RT_FLOW_SESSION_DENY: session denied " + flow, std::nullopt},
      {ecs,
       "%{RT_FLOW3}",
       "RT_FLOW_SESSION_DENY: session denied " + flow + " UNKNOWN N/A",
       {{{"[observer][egress][zone]", "out"}}}},
      {legacy,
       "%{CLOUDFRONT_ACCESS_LOG}",
       cloudfront,
       {{{"sc_bytes", ""},
         {"referrer", "-"},
         {"cookies", "-"},
         {"cs_uri_query", "-"},
         {"x_forwarded_for", "-"}}}},
      {legacy,
       "%{CATALINALOG}",
       "Jan 9, 2014 7:13:13 AM a.B c",
       {{{"timestamp", "Jan 9, 2014 7:13:13 AM"}}}},
      {legacy, "%{CATALINALOG}", "Jan 9, 1999 7:13:13 AM a.B c", std::nullopt},
      {legacy,
       "%{EXIM}",
       exim + "H=(mail) [192.0.2.1] P=smtp",
       {{{"remote_hostname", "(mail)"}, {"remote_heloname", ""}}}},
      {ecs, "%{EXIM}", exim + "DN=\"/C=GB/O=A B\" S=81", {{{"[exim][log][message][size]", "81"}}}},
      {legacy,
       "%{HAPROXYHTTPBASE}",
       haproxy + "\"CONNECT localhost:8080 HTTP/1.1\"",
       {{{"http_host", "localhost:8080"}, {"http_version", "1.1"}}}},
      {ecs,
       "%{BIND9}",
       bind + "+ED (192.0.2.2) and more",
       {{{"[bind][log][question][flags]", "+ED"}, {"[server][ip]", "192.0.2.2"}}}},
      {ecs,
       "%{BIND9}",
       bind + "(192.0.2.2)",
       {{{"[bind][log][question][flags]", ""}, {"[server][ip]", "192.0.2.2"}}}},
      {ecs, "%{BIND9}", bind + "+ED", std::nullopt},
      {legacy,
       "%{MONGO_SLOWQUERY}",
       "getmore a.b getmore: { x: 1 } ntoreturn:0 ntoskip:0 nscanned:7 nreturned:18 reslen:14 "
       "2340ms",
       {{{"collection", "b"}, {"nscanned", "7"}, {"duration", "2340"}}}},
  };
  for (const Line& line : lines) {
    const auto got = captures(line.mode, line.expression, line.line);
    EXPECT_EQ(got.has_value(), line.fields.has_value()) << line.expression << ": " << line.line;
    if (!got || !line.fields) continue;
    for (const auto& [name, value] : *line.fields) {
      const auto found = got->find(name);
      EXPECT_EQ(found == got->end() ? "" : found->second, value) << line.line << ": " << name;
    }
  }
}

}  // namespace
}  // namespace millrace
