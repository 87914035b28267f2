#pragma once

#include <chrono>
#include <string>

#include "plugins/support/kafka/producer.h"

namespace millrace::kafka {

/// What a call of a transaction came to. All false but `ok`: the library calls it neither
/// retriable, nor to be aborted, nor fatal.
struct TransactionOutcome {
  bool ok = false;
  bool retriable = false;       ///< the same call again goes on with it
  bool requires_abort = false;  ///< the transaction can only be aborted
  bool fatal = false;           ///< the producer is of no more use
  bool fenced = false;          ///< because there is a newer one with its transactional.id
  std::string text;             ///< "UNKNOWN: ..."; "" where it is ok
};

/// The transactions of a Producer with a `transactional.id`, which must outlive this. Each call
/// waits at most `timeout`. From the thread that polls the producer.
class Transactions {
 public:
  explicit Transactions(Producer& producer) : producer_(producer) {}

  /// First of all: any older producer with this id is fenced, and what it left open is ended.
  TransactionOutcome init(std::chrono::milliseconds timeout);
  TransactionOutcome begin();
  /// Every record must have its report before: the library waits for those that have none, without
  /// giving them to poll().
  TransactionOutcome commit(std::chrono::milliseconds timeout);
  /// Records without a report get one, as purged, with the next polls; see Producer::purge().
  TransactionOutcome abort(std::chrono::milliseconds timeout);

 private:
  Producer& producer_;
};

}  // namespace millrace::kafka
