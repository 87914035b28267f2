#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <optional>
#include <random>
#include <unordered_map>
#include <vector>

#include "plugins/outputs/elasticsearch/encode.h"
#include "plugins/outputs/elasticsearch/response.h"

namespace millrace::elasticsearch {

using Clock = std::chrono::steady_clock;

/// A delivery on its way, until each of its actions is settled.
struct Shipment {
  Delivery delivery;
  std::size_t bytes = 0;                        ///< that it holds, events and body
  std::size_t unsettled = 0;                    ///< actions, and events that the encoder refused
  std::size_t refused = 0;                      ///< of the latter: dead letters by now
  std::vector<std::uint32_t> settling[3] = {};  ///< by verdict: actions of an answer being read

  const BulkParcel& parcel() const { return static_cast<const BulkParcel&>(*delivery.parcel); }
};

/// One action of a shipment.
struct ActionRef {
  Shipment* shipment = nullptr;
  std::uint32_t at = 0;  ///< in its parcel

  const Action& action() const { return shipment->parcel().actions[at]; }
};

/// Actions that travel together until each is settled. What is sent is always a beginning of
/// `unsettled`; what was settled leaves it, the rest is sent again, in order.
struct Job {
  std::uint64_t number = 0;
  std::vector<ActionRef> unsettled;
  std::size_t most =
      std::numeric_limits<std::size_t>::max();  ///< actions a request; splits halve it
  unsigned tries = 0;                           ///< requests in a row that settled nothing
  unsigned resets = 0;                          ///< of these, those whose connection broke
  Clock::time_point not_before{};
  bool in_flight = false;

  // Of the request that is under way:
  std::size_t sent = 0;           ///< how many of `unsettled`
  std::optional<BulkBody> body;   ///< views the parcels
  std::vector<Action> actions{};  ///< those sent
};

/// Pauses between tries: random up to a limit that doubles from `initial` to `most`, so that many
/// clients do not come back at once.
struct Backoff {
  std::chrono::milliseconds initial{2000};
  std::chrono::milliseconds most{64'000};

  std::chrono::milliseconds pause(unsigned tries, std::mt19937_64& random) const;
};

/// How much a request may hold.
struct RequestLimits {
  std::size_t target_bytes = std::size_t{5} << 20;  ///< plain; a single larger action goes alone
  std::size_t most_actions = 5000;
};

/// An event that was refused for good, for the dead letters.
struct Rejected {
  const Delivery& delivery;
  std::uint32_t event;
  int status;             ///< 0: it was never sent
  std::string_view code;  ///< the error's type
  std::string_view reason;
  std::string_view sent;  ///< the action's lines, "" where there are none
};

/// What an answer did.
struct Tally {
  std::size_t delivered = 0, absorbed = 0, dead_lettered = 0, dropped = 0;
  std::size_t busy = 0;     ///< to be tried again: the server is busy
  std::size_t waiting = 0;  ///< to be tried again: somebody must act
  std::size_t unknown = 0;
  std::size_t not_kept = 0;  ///< refused for good, but the dead letters have no room now
  std::size_t failure_store = 0;
  int status = 0;      ///< of one that waits or is busy
  std::string reason;  ///< the same
};

/// What is to be sent: takes deliveries apart into jobs and settles them by what the server said.
/// Knows nothing of connections. One thread.
///
/// Actions on one document (same index and id) keep their order: they are in one job, or a later
/// job's wait until the earlier ones are settled.
class JobQueue {
 public:
  /// Told of rejected events before they are settled. Returns how many of them, from the first on,
  /// are dealt with; the others stay and are tried again.
  using OnRejected = std::function<std::size_t(std::span<const Rejected>)>;

  JobQueue(RequestLimits limits, int compression_level, ItemPolicy policy, Backoff backoff,
           OnRejected on_rejected)
      : limits_(limits),
        level_(compression_level),
        policy_(std::move(policy)),
        backoff_(backoff),
        on_rejected_(std::move(on_rejected)) {}

  /// Takes a delivery whose parcel is a BulkParcel.
  void add(Delivery delivery, Clock::time_point now);

  bool empty() const { return shipments_.empty(); }
  /// Some job is not under way: it waits for its time.
  bool waits() const;
  /// Bytes of deliveries that were settled since the last call.
  std::size_t take_released() { return std::exchange(released_, 0); }

  /// The next request: a job with `body` and `actions` made, marked as in flight. nullptr: nothing
  /// to send before due().
  Job* next(Clock::time_point now);
  /// When a job that waits may be sent; max() where none waits.
  Clock::time_point due() const;

  /// The request's items were read.
  Tally answered(Job& job, std::span<const ItemAnswer> items, Clock::time_point now);
  /// Nothing is known of the request, or all of it was turned away: all again from `not_before` on.
  void put_back(Job& job, Clock::time_point not_before);
  /// The same, after a pause that grows with each time: other jobs go first.
  void put_back_for_a_while(Job& job, Clock::time_point now);
  /// The connection broke under the request. Where that happens to the same one again and again,
  /// smaller ones are tried.
  void broken(Job& job, Clock::time_point now);
  /// The request was refused as too large, or for something in it: halves are tried. A single
  /// action is rejected with what `refusal` says.
  void halve(Job& job, const ItemAnswer& refusal, Clock::time_point now);
  /// Requests of this size are too large for the server: none will be as large for a while.
  void learn_too_large(std::size_t plain_size);

 private:
  struct Run {
    Shipment* shipment;
    std::uint32_t first;
    std::uint32_t count;
  };
  struct Holder {
    std::uint64_t job;
    std::uint32_t actions;
  };
  Job* make_job();
  bool take(Run run, Job& job, std::size_t& bytes, std::deque<Run>& left);
  bool hold_key(const Action& action, const Job& job);
  void release_key(const Action& action);
  void build_body(Job& job);
  static bool settle(const ItemAnswer& item, Fate fate, Tally& tally);
  std::size_t reject(const Job& job, std::span<const ItemAnswer> items,
                     std::span<const std::size_t> places);
  void settle_refusals(Clock::time_point now);
  void release(Shipment& shipment);
  void mark_settled(const ActionRef& ref, Verdict verdict);
  void settle_marked();
  void finish_request(Job& job, const std::vector<bool>& settled, Clock::time_point now);
  void drop_settled(Job& job, const std::vector<bool>& settled);
  void end_if_done(Job& job);
  std::size_t most_bytes() const { return std::min(limits_.target_bytes, learned_bytes_); }

  const RequestLimits limits_;
  const int level_;
  const ItemPolicy policy_;
  const Backoff backoff_;
  const OnRejected on_rejected_;

  std::list<Shipment> shipments_;
  std::vector<Shipment*> touched_;  // have something in `settling`
  std::deque<Run> fresh_;           // in no job yet
  std::vector<Shipment*> refused_;  // have events that the encoder refused and that are not settled
  Clock::time_point refusals_due_{};
  std::list<Job> jobs_;
  std::unordered_map<std::uint64_t, Holder> keys_;  // of unsettled actions in jobs
  std::uint64_t made_ = 0;
  std::size_t released_ = 0;
  std::size_t learned_bytes_ = std::numeric_limits<std::size_t>::max();
  unsigned successes_ = 0;  // since learned_bytes_ was changed
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace millrace::elasticsearch
