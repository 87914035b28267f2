#include "plugins/support/kafka/refill.h"

namespace millrace::kafka {
namespace {

using Clock = std::chrono::steady_clock;

/// How soon more is asked for where the queue was full.
constexpr std::chrono::milliseconds kLookAgain{10};

bool looks_again_itself(rd_kafka_conf_t* conf, const Properties& properties) {
  constexpr const char* kProperty = "fetch.queue.backoff.ms";
  if (properties.find(kProperty)) return true;
  const std::string time = std::to_string(kLookAgain.count());
  return rd_kafka_conf_set(conf, kProperty, time.c_str(), nullptr, 0) == RD_KAFKA_CONF_OK;
}

std::string text_of(const Properties& properties, std::string_view name) {
  const Properties::Entry* const entry = properties.find(name);
  return entry ? entry->value : std::string();
}

}  // namespace

Refill::Refill(rd_kafka_conf_t* conf, const Properties& properties)
    : user_(text_of(properties, "sasl.username")),
      password_(text_of(properties, "sasl.password")),
      must_wake_(!looks_again_itself(conf, properties)) {}

void Refill::before_poll(rd_kafka_t* client) {
  if (!has_read_ || !must_wake_) return;
  const auto now = Clock::now();
  if (now < due_) return;
  due_ = now + kLookAgain;
  has_read_ = false;
  // The one call that wakes all threads of connections and does nothing else: the credentials are
  // the same as before.
  const ErrorHandle ignored(
      rd_kafka_sasl_set_credentials(client, user_.c_str(), password_.c_str()));
}

}  // namespace millrace::kafka
