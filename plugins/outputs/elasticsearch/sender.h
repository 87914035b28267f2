#pragma once

#include <memory>
#include <set>
#include <thread>

#include "pipeline/queue/dead_letter.h"
#include "plugins/outputs/elasticsearch/options.h"
#include "plugins/outputs/elasticsearch/setup.h"
#include "plugins/outputs/elasticsearch/totals.h"
#include "plugins/support/delivery_inbox.h"
#include "plugins/support/notices.h"

namespace millrace::elasticsearch {

/// Carries deliveries to the nodes, on a thread of its own that runs all requests at once. put(),
/// finish() and the destructor are called from the output's thread, everything else happens on the
/// sender's.
class Sender {
 public:
  /// `settings` must outlive it. Errors: the HTTP client's.
  static Result<std::unique_ptr<Sender>> create(const Settings& settings,
                                                std::shared_ptr<DeadLetters> dead_letters);
  /// Lets go of what is not settled.
  ~Sender();

  /// Takes a delivery with its BulkParcel. Blocks while kMostBytes are under way; when `stop` comes
  /// then, the delivery is let go unsettled.
  void put(Delivery delivery, const StopSignal& stop);

  /// Returns when all is settled, or `stop` comes; the thread has ended then.
  void finish(const StopSignal& stop);

  /// For the ledger's report. Any thread.
  std::string report() const { return totals_.text(); }

  /// Of deliveries that are not settled: events and bodies.
  static constexpr std::size_t kMostBytes = std::size_t{16} << 20;

 private:
  Sender(const Settings& settings, std::unique_ptr<HttpClient> client,
         std::shared_ptr<DeadLetters> dead_letters);
  void give_up();

  // On the sender's thread:
  void work();
  bool take_inbox();
  void probe_hosts(Clock::time_point now);
  void probe(Host& host, std::string_view path);
  void probed(Host& host, const HttpAnswer& answer);
  void root_answered(Host& host, const HttpAnswer& answer);
  void alive(Host& host, ServerInfo server);
  void set_up(Clock::time_point now);
  void send_jobs(Clock::time_point now);
  void send(Host& host, Job& job);
  HttpRequest request_to(const Host& host, std::string method, std::string_view path) const;
  void answered(Host& host, Job& job, const HttpAnswer& answer);
  void status_answered(Host& host, Job& job, const HttpAnswer& answer);
  void read_items(Host& host, Job& job, const HttpAnswer& answer);
  void count(const Tally& tally);
  void tell(const Host& host, const Tally& tally);
  void too_much_for_it(Host& host, Job& job, const HttpAnswer& answer, bool too_large);
  void turned_away(Host& host, Job& job, const HttpAnswer& answer, bool somebody_must_act);
  void lost(Host& host, std::string_view why);
  std::size_t keep_rejected(std::span<const Rejected> rejected);
  void tell_rejected(const Rejected& rejected);
  std::chrono::milliseconds time_to_wait(Clock::time_point now) const;

  const Settings& settings_;
  const std::unique_ptr<HttpClient> client_;
  const std::shared_ptr<DeadLetters> dead_letters_;
  HostPool hosts_;
  JobQueue jobs_;
  Concurrency concurrency_;
  ClusterSetup setup_;
  Notices notices_;
  BulkAnswerReader reader_;
  Totals totals_;
  std::size_t in_flight_ = 0;
  bool was_accepted_ = false;            // some request, since the start
  std::uint64_t made_ = 0;               // requests, for their X-Opaque-Id
  std::set<std::string> told_rejected_;  // codes, a bounded number

  DeliveryInbox inbox_;
  std::thread thread_;  // last: starts when all else is there
};

}  // namespace millrace::elasticsearch
