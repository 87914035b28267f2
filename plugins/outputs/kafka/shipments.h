#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugins/outputs/kafka/encode.h"

namespace millrace::kafka::out {

using Clock = std::chrono::steady_clock;

struct Shipment;

/// One record on its way.
struct Ticket {
  enum class State : std::uint8_t { fresh, flying, waiting, delivered, refused, kept };

  Shipment* shipment = nullptr;
  std::uint32_t at = 0;  ///< in the parcel
  State state = State::fresh;
  bool held = false;         ///< flies, and waited for its topic before
  int code = 0;              ///< refused: librdkafka's, 0 where the encoder refused
  std::uint64_t number = 0;  ///< in the order of the events

  const Record& record() const;
  std::string_view topic() const;
};

/// A delivery on its way, until each of its records has a verdict.
struct Shipment {
  Delivery delivery;
  std::size_t bytes = 0;
  std::size_t open = 0;  ///< records that are fresh, flying or waiting
  std::vector<Ticket> tickets{};

  const RecordParcel& parcel() const { return static_cast<const RecordParcel&>(*delivery.parcel); }
};

/// What is to be sent, what waits for its topic, and what is settled. Knows nothing of brokers. One
/// thread.
///
/// Order: records go out by number. Where one comes back, those of its topic that are still here
/// wait behind it.
class Shipments {
 public:
  void add(Delivery delivery, std::size_t bytes);

  bool empty() const { return shipments_.empty(); }

  /// The next record to send; nullptr: none before due(). Call sent() or one of the verdicts, or
  /// leave it: it is next again.
  Ticket* next(Clock::time_point now);
  void sent(Ticket& ticket);

  void delivered(Ticket& ticket);
  /// For good. It becomes a dead letter with keep_refused().
  void refused(Ticket& ticket, int code);
  /// A broker refused the batch that it was in, which names no record. The topic's records go out
  /// in smaller and smaller groups until the one that is refused alone is found.
  void refused_with_others(Ticket& ticket, int code);
  /// To be sent again; its topic waits, longer each time in a row.
  void put_back(Ticket& ticket, Clock::time_point now);

  /// Every record that flies is to be sent again, without a pause: the producer is gone.
  void put_back_flying();

  /// When next() has something again; nullopt: nothing waits for a time.
  std::optional<Clock::time_point> due() const;

  /// Makes dead letters of refused records, in order, and settles them: how many, from the first
  /// on.
  using Keep = std::function<std::size_t(Delivery&, std::span<const Ticket* const>)>;

  /// Deliveries that are done are settled and let go; those with refused records that `keep` has no
  /// room for stay until the next call. Returns the bytes that became free.
  std::size_t settle(const Keep& keep);

  /// What has a verdict is settled, the rest let go: the process gives up.
  void let_go();

  static constexpr std::chrono::milliseconds kFirstPause{250};
  static constexpr std::chrono::milliseconds kLongestPause{15'000};

 private:
  static constexpr std::size_t kMostHeld = std::size_t{1} << 20;
  static constexpr std::size_t kFirstGroup = 64;

  /// A topic that had trouble: its records go out in groups, one group at a time.
  struct Hold {
    std::map<std::uint64_t, Ticket*> waiting;  // by number
    Clock::time_point not_before{};
    std::chrono::milliseconds pause{0};
    std::size_t most = kMostHeld;  // records of a group
    std::size_t room = kMostHeld;  // how many may join this one
    std::size_t flying = 0;        // of this group
    bool went_wrong = false;       // for one of this group
  };
  void landed(Ticket& ticket, bool well);
  static void wait(Ticket& ticket, Hold& hold);
  static void settle_delivered(Shipment& shipment);
  static bool settle_refused(Shipment& shipment, const Keep& keep);
  void close(Ticket& ticket, Ticket::State verdict);

  std::list<Shipment> shipments_;
  std::vector<Shipment*> done_;  // nothing open, not settled yet
  std::deque<Ticket*> fresh_;
  std::map<std::string, Hold, std::less<>> holds_;  // erased when their topic works again
  std::uint64_t numbered_ = 0;
};

}  // namespace millrace::kafka::out
