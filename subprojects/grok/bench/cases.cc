#include "cases.h"

namespace grok::bench {
namespace {

using testing::LineKind;

/// Nineteen that read other logs of the same host, and the one that these lines are for.
std::vector<std::string> twenty() {
  std::vector<std::string> list;
  for (const char* const program : {"sshd", "cron", "postfix/smtpd", "systemd", "kernel", "dockerd",
                                    "named", "ntpd", "dhclient", "sudo"})
    list.push_back("%{SYSLOGTIMESTAMP:time} %{SYSLOGHOST:host} " + std::string(program) +
                   "\\[%{POSINT:pid}\\]: session %{WORD:action} for user %{USERNAME:user}");
  for (const char* const name : {"CATALINALOG", "TOMCATLOG", "REDISLOG", "MONGO3_LOG",
                                 "NAGIOSLOGLINE", "RUBY_LOGGER", "SQUID3", "BIND9", "HAPROXYTCP"})
    list.push_back("%{" + std::string(name) + "}");
  list.push_back("%{COMBINEDAPACHELOG}");
  return list;
}

}  // namespace

std::vector<Case> all_cases() {
  const Bars everywhere{.of_pcre2 = 1.5};
  const Bars combined{.of_pcre2 = 0.75, .of_hand = 3.0};
  return {
      {"combined, legacy", "legacy", {"%{COMBINEDAPACHELOG}"}, LineKind::combined, combined, true},
      {"combined, ECS", "ecs-v1", {"%{COMBINEDAPACHELOG}"}, LineKind::combined, combined, true},
      {"combined, fails at its end",
       "legacy",
       {"%{COMBINEDAPACHELOG}"},
       LineKind::combined_cut,
       {.of_pcre2 = 1.5, .of_re2_match = 1.0}},
      {"syslog", "legacy", {"%{SYSLOGLINE}"}, LineKind::syslog, everywhere},
      {"1 KB, found by a literal",
       "legacy",
       {" took %{INT:ms} ms"},
       LineKind::kilobyte,
       everywhere},
      {"1 KB, found by an address", "legacy", {"%{IPV4:client}"}, LineKind::kilobyte, everywhere},
      {"20 patterns, the last matches",
       "legacy",
       twenty(),
       LineKind::combined,
       {.of_pcre2 = 1.5, .of_last_alone = 2.0}},
      {"HAProxy HTTP", "legacy", {"%{HAPROXYHTTP}"}, LineKind::haproxy_http, everywhere},
      {"Java stack", "legacy", {"%{JAVASTACKTRACEPART}"}, LineKind::java_stack, everywhere},
  };
}

}  // namespace grok::bench
