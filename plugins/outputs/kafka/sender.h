#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "pipeline/plugin/stop.h"
#include "pipeline/queue/dead_letter.h"
#include "plugins/outputs/kafka/decide.h"
#include "plugins/outputs/kafka/shipments.h"
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
  void end(bool give_up);

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
  std::unique_ptr<kafka::Producer> producer_;  // after shipments_: its records view them
  std::vector<kafka::DeliveryReport> reports_;
  std::vector<kafka::Header> headers_;
  std::set<std::string> told_refused_;  // codes, a bounded number
  Clock::time_point settle_again_{};
  bool library_full_ = false;

  std::mutex mutex_;
  std::condition_variable room_;  // held_bytes_ became less, or the thread ended
  std::vector<Delivery> inbox_;   // guarded by mutex_, as all below
  std::size_t held_bytes_ = 0;
  bool finishing_ = false;
  bool give_up_ = false;
  bool ended_ = false;
  std::thread thread_;  // last: starts when all else is there
};

}  // namespace millrace::kafka::out
