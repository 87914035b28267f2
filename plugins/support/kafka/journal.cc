#include "plugins/support/kafka/journal.h"

#include <fmt/format.h>

#include "pipeline/observe/log.h"
#include "plugins/support/kafka/handles.h"

namespace millrace::kafka {
namespace {

constexpr std::size_t kMostLines = 256;
constexpr std::chrono::seconds kSameLineAgain{60};

log::Level level_of(int syslog_level) {
  if (syslog_level <= 3) return log::Level::error;
  if (syslog_level == 4) return log::Level::warn;
  return syslog_level <= 6 ? log::Level::info : log::Level::debug;
}

/// Static texts: what kind of trouble an error is.
std::string_view kind_of(int code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
      return "authentication failed";
    case RD_KAFKA_RESP_ERR__SSL:
      return "TLS failed";
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return "a broker's name is not known";
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
      return "a broker cannot be reached";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "not authorised";
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return "there is no such topic";
    default:
      return "trouble";
  }
}

}  // namespace

std::string_view advice(int code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return library_is_at_least(2, 6, 1)
                 ? "check `sasl_mechanism` and `sasl_jaas_config`"
                 : "check `sasl_mechanism` and `sasl_jaas_config`; with SCRAM, Kafka 4 needs "
                   "librdkafka 2.6.1 or later";
    case RD_KAFKA_RESP_ERR__SSL:
      return "check `ssl_truststore_location`, `ssl_keystore_location` and "
             "`ssl_endpoint_identification_algorithm`";
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
      return "`bootstrap_servers` and `security_protocol` must be those of a listener; tried again "
             "until it is back";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "the user needs an ACL for the topic";
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return "the user needs READ on the group of `group_id`";
    case RD_KAFKA_RESP_ERR__NO_OFFSET:
      return "a broker refused records and took later ones: whether it has them is not known";
    default:
      return {};
  }
}

std::string describe_error(int code) {
  const auto err = static_cast<rd_kafka_resp_err_t>(code);
  return fmt::format("{}: {}", rd_kafka_err2name(err), rd_kafka_err2str(err));
}

std::string error_name(int code) {
  std::string name = rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code));
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return name.starts_with('_') ? name.substr(1) : name;
}

void Journal::line(int level, std::string_view facility, std::string_view text) {
  // Lost connections come as errors too, in better words: trouble() says them.
  if (facility == "FAIL" || facility == "ERROR") level = 7;
  // A broker that has just started is not ready to hand out producer ids: it is asked again.
  if (facility == "GETPID" && text.ends_with("retrying")) level = 7;
  const log::Level as = level_of(level);
  if (!log::enabled(as)) return;
  {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (lines_.size() >= kMostLines) lines_.clear();
    const auto [known, is_new] = lines_.emplace(std::string(text), now);
    if (!is_new && now - known->second < kSameLineAgain) return;
    known->second = now;
  }
  log::write(as, component_, fmt::format("librdkafka: {}: {}", facility, text));
}

void Journal::trouble(int code, std::string_view text) {
  const std::string_view kind = kind_of(code);
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(kinds_[kind], true)) return;
    troubled_.store(true, std::memory_order_relaxed);
  }
  const std::string_view what_to_do = advice(code);
  log::warn(component_, "{}: {}: {}{}{}", cluster_, kind, text, what_to_do.empty() ? "" : "; ",
            what_to_do);
}

void Journal::end_trouble() {
  std::string over;
  {
    const std::lock_guard lock(mutex_);
    if (!troubled_.exchange(false)) return;
    for (auto& [kind, on] : kinds_)
      if (std::exchange(on, false)) over += (over.empty() ? "" : ", ") + std::string(kind);
  }
  log::info(component_, "{}: records go through again, after: {}", cluster_, over);
}

}  // namespace millrace::kafka
