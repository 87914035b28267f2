#include "plugins/mirror/decisions.h"

#include <librdkafka/rdkafka.h>

namespace millrace::mirror {

Step next_step(Call call, const kafka::TransactionOutcome& outcome, bool overdue) {
  if (outcome.ok) return Step::go_on;
  if (outcome.fenced) return Step::fenced;
  if (outcome.fatal) return Step::restart;
  // An answer to commit or abort that did not come says nothing: the same call finds out. After the
  // timeout a late answer could meet the next transaction of this producer, so it gets none.
  if (outcome.retriable) return overdue && call != Call::init ? Step::restart : Step::again;
  if (outcome.requires_abort && call != Call::abort && call != Call::init) return Step::abort;
  return Step::restart;
}

namespace {

struct Row {
  rd_kafka_resp_err_t code;
  Fate fate;
};

// The broker's codes are those of https://kafka.apache.org/protocol#protocol_error_codes.
constexpr Row kTable[] = {
    {RD_KAFKA_RESP_ERR_NO_ERROR, Fate::delivered},

    // A record; the answer is for all of its batch.
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Fate::alone},
    {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, Fate::alone},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, Fate::alone},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD, Fate::alone},
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, Fate::alone},

    // The topic on the target.
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Fate::stop},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, Fate::stop},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, Fate::stop},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, Fate::stop},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, Fate::stop},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, Fate::stop},
};

}  // namespace

Fate fate_of(int code) {
  for (const Row& row : kTable)
    if (row.code == code) return row.fate;
  return Fate::again;
}

}  // namespace millrace::mirror
