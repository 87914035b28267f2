#include "plugins/outputs/kafka/decide.h"

#include <librdkafka/rdkafka.h>

namespace millrace::kafka::out {
namespace {

struct Row {
  rd_kafka_resp_err_t code;
  Fate fixed;      ///< the topic's name is in the config
  Fate templated;  ///< it came out of the event
};

// The broker's codes are those of https://kafka.apache.org/protocol#protocol_error_codes.
constexpr Row kTable[] = {
    {RD_KAFKA_RESP_ERR_NO_ERROR, Fate::delivered, Fate::delivered},

    // A record; the answer is for all of its batch.
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Fate::alone, Fate::alone},
    {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, Fate::alone, Fate::alone},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, Fate::alone, Fate::alone},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD, Fate::alone, Fate::alone},
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, Fate::alone, Fate::alone},

    // The topic.
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, Fate::act, Fate::refused},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Fate::act, Fate::refused},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, Fate::act, Fate::refused},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, Fate::act, Fate::refused},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, Fate::act, Fate::refused},

    // The cluster.
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, Fate::act, Fate::act},
    {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, Fate::act, Fate::act},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, Fate::act, Fate::act},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, Fate::act, Fate::act},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, Fate::act, Fate::act},
    {RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS, Fate::act, Fate::act},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE, Fate::act, Fate::act},
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, Fate::act, Fate::act},
};

}  // namespace

Fate decide(int code, bool fixed_topic) {
  for (const Row& row : kTable)
    if (row.code == code) return fixed_topic ? row.fixed : row.templated;
  return Fate::again;
}

}  // namespace millrace::kafka::out
