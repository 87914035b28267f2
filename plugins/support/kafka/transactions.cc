#include "plugins/support/kafka/transactions.h"

#include <fmt/format.h>

#include "plugins/support/kafka/producer_handles.h"

namespace millrace::kafka {
namespace {

TransactionOutcome outcome_of(rd_kafka_error_t* raw) {
  const ErrorHandle error(raw);
  if (!error) return {.ok = true};
  const auto code = rd_kafka_error_code(error.get());
  return {.ok = false,
          .retriable = rd_kafka_error_is_retriable(error.get()) != 0,
          .requires_abort = rd_kafka_error_txn_requires_abort(error.get()) != 0,
          .fatal = rd_kafka_error_is_fatal(error.get()) != 0,
          .fenced = code == RD_KAFKA_RESP_ERR__FENCED ||
                    code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
                    code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
          .text = fmt::format("{}: {}", rd_kafka_error_name(error.get()),
                              rd_kafka_error_string(error.get()))};
}

int milliseconds_of(std::chrono::milliseconds time) { return static_cast<int>(time.count()); }

}  // namespace

TransactionOutcome Transactions::init(std::chrono::milliseconds timeout) {
  return outcome_of(
      rd_kafka_init_transactions(producer_.handles_->client, milliseconds_of(timeout)));
}

TransactionOutcome Transactions::begin() {
  return outcome_of(rd_kafka_begin_transaction(producer_.handles_->client));
}

TransactionOutcome Transactions::commit(std::chrono::milliseconds timeout) {
  return outcome_of(
      rd_kafka_commit_transaction(producer_.handles_->client, milliseconds_of(timeout)));
}

TransactionOutcome Transactions::abort(std::chrono::milliseconds timeout) {
  return outcome_of(
      rd_kafka_abort_transaction(producer_.handles_->client, milliseconds_of(timeout)));
}

}  // namespace millrace::kafka
