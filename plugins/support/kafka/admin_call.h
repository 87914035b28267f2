#pragma once

#include <fmt/format.h>

#include <mutex>

#include "plugins/support/kafka/admin.h"
#include "plugins/support/kafka/handles.h"
#include "plugins/support/kafka/journal.h"

/// How Admin's calls reach librdkafka. For the sources of this folder only.
namespace millrace::kafka {

struct Admin::Handles {
  Handles(std::string component, std::string cluster_text, std::chrono::milliseconds wait)
      : journal(std::move(component), cluster_text),
        cluster(std::move(cluster_text)),
        patience(wait) {}
  ~Handles() {
    if (client) rd_kafka_destroy(client);
  }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;

  int patience_ms() const { return static_cast<int>(patience.count()); }

  /// What `code` means to the caller; `text`: the broker's words, or null. Where an answer did not
  /// come, why the brokers cannot be reached is added.
  Error error(rd_kafka_resp_err_t code, const char* text);

  /// Starts a request by `start(options, queue)` and waits for its event. Errors: of the request
  /// as a whole.
  template <typename Start>
  Result<EventHandle> ask(rd_kafka_admin_op_t operation, Start start);

  Journal journal;
  const std::string cluster;
  const std::chrono::milliseconds patience;
  rd_kafka_t* client = nullptr;
  std::mutex mutex;
  int last_trouble = 0;           // guarded by mutex
  std::string last_trouble_text;  // guarded by mutex
};

template <typename Start>
Result<EventHandle> Admin::Handles::ask(rd_kafka_admin_op_t operation, Start start) {
  // The library gives a request up a little later than it was told to.
  constexpr int kGraceMs = 5000;
  struct DestroyOptions {
    void operator()(rd_kafka_AdminOptions_t* options) const {
      rd_kafka_AdminOptions_destroy(options);
    }
  };
  char text[256] = "";
  const std::unique_ptr<rd_kafka_AdminOptions_t, DestroyOptions> options(
      rd_kafka_AdminOptions_new(client, operation));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), patience_ms(), text, sizeof text);
  const QueueHandle queue(rd_kafka_queue_new(client));
  start(options.get(), queue.get());
  EventHandle event(rd_kafka_queue_poll(queue.get(), patience_ms() + kGraceMs));
  if (!event) return error(RD_KAFKA_RESP_ERR__TIMED_OUT, nullptr);
  if (const auto code = rd_kafka_event_error(event.get()))
    return error(code, rd_kafka_event_error_string(event.get()));
  return event;
}

}  // namespace millrace::kafka
