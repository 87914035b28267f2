#include "plugins/mirror/decisions.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

namespace millrace::mirror {
namespace {

using kafka::TransactionOutcome;

constexpr Call kCalls[] = {Call::init, Call::begin, Call::commit, Call::abort};

TEST(MirrorDecisions, WhatWorkedGoesOn) {
  for (const Call call : kCalls)
    EXPECT_EQ(next_step(call, TransactionOutcome{.ok = true}, true), Step::go_on);
}

TEST(MirrorDecisions, AnUnknownOutcomeIsAskedForAgainAndNeverAborted) {
  const TransactionOutcome silent{.retriable = true};
  for (const Call call : kCalls) EXPECT_EQ(next_step(call, silent, false), Step::again);
}

TEST(MirrorDecisions, AnOutcomeThatIsUnknownForTooLongIsReadFromTheTarget) {
  const TransactionOutcome silent{.retriable = true};
  EXPECT_EQ(next_step(Call::commit, silent, true), Step::restart);
  EXPECT_EQ(next_step(Call::abort, silent, true), Step::restart);
  EXPECT_EQ(next_step(Call::init, silent, true), Step::again);
}

TEST(MirrorDecisions, WhatMustBeAbortedIs) {
  const TransactionOutcome bad{.requires_abort = true};
  EXPECT_EQ(next_step(Call::commit, bad, false), Step::abort);
  EXPECT_EQ(next_step(Call::begin, bad, false), Step::abort);
  EXPECT_EQ(next_step(Call::abort, bad, false), Step::restart);
  EXPECT_EQ(next_step(Call::init, bad, false), Step::restart);
}

TEST(MirrorDecisions, FencingWinsOverAllElse) {
  for (const Call call : kCalls)
    EXPECT_EQ(
        next_step(call, {.retriable = true, .requires_abort = true, .fatal = true, .fenced = true},
                  false),
        Step::fenced);
}

TEST(MirrorDecisions, FatalAndUnknownErrorsNeedANewProducer) {
  for (const Call call : kCalls) {
    EXPECT_EQ(next_step(call, {.fatal = true}, false), Step::restart);
    EXPECT_EQ(next_step(call, {}, false), Step::restart);
  }
}

TEST(MirrorDecisions, ARecordIsRefusedAloneOrForItsTopicOrTriedAgain) {
  EXPECT_EQ(fate_of(RD_KAFKA_RESP_ERR_NO_ERROR), Fate::delivered);
  EXPECT_EQ(fate_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), Fate::alone);
  EXPECT_EQ(fate_of(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), Fate::stop);
  EXPECT_EQ(fate_of(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), Fate::stop);
  for (const int code : {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
                         RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_UNKNOWN})
    EXPECT_EQ(fate_of(code), Fate::again);
}

}  // namespace
}  // namespace millrace::mirror
