#pragma once

#include "plugins/support/kafka/transactions.h"

/// What a shard does about what the brokers answered. Pure functions; the tables are in
/// decisions.cc.
namespace millrace::mirror {

/// The calls of a transaction.
enum class Call { init, begin, commit, abort };

enum class Step {
  go_on,
  again,    ///< the same call: it goes on where it was
  abort,    ///< the transaction, and read again what was in it
  restart,  ///< with a new producer, from the stored positions: they tell what is there
  fenced,   ///< another instance has the shard, or the coordinator gave up on this one
};

/// `overdue`: the transaction is older than its timeout, so the coordinator has ended it: what came
/// of it is to be read, not asked for.
Step next_step(Call call, const kafka::TransactionOutcome& outcome, bool overdue);

/// What became of one record. Of several in one partition the last one of this list counts.
enum class Fate {
  delivered,
  again,  ///< may pass: the partition goes back to its last delivered record
  alone,  ///< its batch was refused: where it was alone in it the partition stops
  stop,   ///< the partition on the target is not there, or not ours: somebody must act
};
Fate fate_of(int code);

}  // namespace millrace::mirror
