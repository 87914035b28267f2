#pragma once

#include <memory>
#include <set>
#include <thread>

#include "pipeline/queue/dead_letter.h"
#include "plugins/outputs/kafka/decide.h"
#include "plugins/outputs/kafka/shipments.h"
#include "plugins/support/delivery_inbox.h"
#include "plugins/support/notices.h"

namespace millrace::kafka::out {

/// Carries deliveries to the brokers, on a thread of its own. put(), finish() and the destructor
/// are called from the output's thread, everything else happens on the sender's.
class Sender {
 public:
  /// `settings` and `encoder`, of which it knows what the parcels hold, must outlive it. Errors:
  /// the library refuses a combination of settings.
  static Result<std::unique_ptr<Sender>> create(const Settings& settings,
                                                const RecordEncoder& encoder,
                                                std::shared_ptr<DeadLetters> dead_letters);
  /// Lets go of what is not settled.
  ~Sender();

  /// Takes a delivery with its RecordParcel. Blocks while settings.most_bytes_held are under way;
  /// when `stop` comes then, the delivery is let go unsettled.
  void put(Delivery delivery, const StopSignal& stop);

  /// Returns when all is settled, or `stop` comes; the thread has ended then.
  void finish(const StopSignal& stop);

 private:
  Sender(const Settings& settings, const RecordEncoder& encoder,
         std::shared_ptr<DeadLetters> dead_letters);
  void give_up();

  // On the sender's thread:
  void work();
  bool take_inbox();
  void send(Clock::time_point now);
  kafka::ProducerRecord record_of(Ticket& ticket);
  void reported(const kafka::DeliveryReport& report, Clock::time_point now);
  void failed(Ticket& ticket, int code, Clock::time_point now);
  void renew_producer();
  void settle();
  std::size_t keep_refused(Delivery& delivery, std::span<const Ticket* const> tickets);
  std::string reason_of(const Ticket& ticket) const;
  std::chrono::milliseconds time_to_wait(Clock::time_point now) const;

  const Settings& settings_;
  const RecordSettings& record_;
  const std::shared_ptr<DeadLetters> dead_letters_;
  const std::string cluster_;
  Notices notices_;
  Shipments shipments_;
  // After shipments_: its records view them. Swapped under inbox_.hold(), since inbox_ wakes it.
  std::unique_ptr<kafka::Producer> producer_;
  std::vector<kafka::DeliveryReport> reports_;
  std::vector<kafka::Header> headers_;
  std::set<std::string> told_refused_;  // codes, a bounded number
  Clock::time_point settle_again_{};
  bool library_full_ = false;

  DeliveryInbox inbox_;
  std::thread thread_;  // last: starts when all else is there
};

}  // namespace millrace::kafka::out
