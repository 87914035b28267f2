#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "pipeline/plugin/input.h"
#include "plugins/inputs/beats/decoder.h"
#include "plugins/inputs/beats/deliveries.h"
#include "plugins/inputs/beats/event_reader.h"
#include "plugins/inputs/beats/transport.h"

namespace millrace::beats {

/// Bytes of one connection -> batches in the pipeline. Works in slices, so that many connections
/// take turns on few threads; one thread at a time.
///
/// The events of a window are held back until it is complete, as far as memory allows: a client
/// that goes away in the middle sends all of it again.
class Receiver {
 public:
  using Read = std::function<Transport::Io(std::span<char>)>;

  Receiver(std::uint64_t connection, Limits limits, const EventRules& rules, const Peer& peer,
           Emitter& emitter, Deliveries& deliveries, Budget::Account& account);

  struct Slice {
    enum class End {
      drained,  ///< the source has nothing more for now; Transport::State says what to wait for
      more,     ///< the turn is over
      closed,   ///< the client will send no more, or reading failed
      refused,  ///< it broke the protocol or a limit: nothing more of it can be understood
      stopped,  ///< the pipeline takes no more
    };
    End end = End::drained;
    bool wants_write = false;  ///< of drained: TLS wants to write first
    std::size_t received = 0;  ///< bytes
    std::string error{};       ///< of refused and closed
  };

  /// Reads, decodes and emits for one turn. Blocks while the pipeline is full.
  Slice work(const Read& read);

  /// A turn without reading: what is held back of an unfinished window or frame is emitted, because
  /// its memory is needed.
  Slice let_go();

  /// Inside of a frame or a window: more must come.
  bool unfinished() const { return decoder_.in_frame() || decoder_.in_window(); }

 private:
  struct Sealed {
    Batch::Ptr batch;
    std::uint64_t position;
    std::vector<BadEvent> bad;
  };

  /// nullopt: everything there is was decoded.
  std::optional<Slice> decode(std::size_t& allowance);
  void open(const Item& item);
  bool take(const Item& item);
  void seal();
  bool emit_sealed();
  bool deliver();
  bool emit_all();
  void account();
  std::size_t held_back() const;

  const std::uint64_t connection_;
  Emitter& emitter_;
  Deliveries& deliveries_;
  const BadEvents& bad_events_;
  Budget::Account& account_;
  Decoder decoder_;
  EventReader events_;
  Batch::Ptr batch_;           // under way; nullptr: none
  std::deque<Sealed> sealed_;  // to be emitted when their window is complete
  std::size_t sealed_bytes_ = 0;
  bool in_window_ = false;
  std::uint32_t batch_events_ = 1;  // at which a batch is full
  std::uint64_t position_ = 0;      // events that the connection has sent
};

}  // namespace millrace::beats
