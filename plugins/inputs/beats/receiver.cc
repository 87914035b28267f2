#include "plugins/inputs/beats/receiver.h"

#include <algorithm>
#include <utility>

namespace millrace::beats {
namespace {

constexpr std::size_t kTurn = std::size_t{2} << 20;  // bytes of events
constexpr std::size_t kMostBatchBytes = std::size_t{4} << 20;
constexpr std::size_t kMostHeldBack = std::size_t{16} << 20;

}  // namespace

Receiver::Receiver(std::uint64_t connection, Limits limits, const EventRules& rules,
                   const Peer& peer, Emitter& emitter, Deliveries& deliveries,
                   Budget::Account& account)
    : connection_(connection),
      emitter_(emitter),
      deliveries_(deliveries),
      bad_events_(rules.bad_events()),
      account_(account),
      decoder_(limits),
      events_(rules, peer) {}

Receiver::Slice Receiver::work(const Read& read) {
  std::size_t allowance = kTurn;
  Slice slice;
  for (;;) {
    if (auto over = decode(allowance)) {
      over->received = slice.received;
      account();
      return *over;
    }
    const std::span<char> room = decoder_.room();
    const Transport::Io io = read(room);
    slice.wants_write = io.state == Transport::State::wants_write;
    if (io.state == Transport::State::ended || io.state == Transport::State::failed) {
      slice.end = Slice::End::closed;
      slice.error = io.error;
    }
    if (io.state != Transport::State::done) break;
    decoder_.commit(io.bytes);
    slice.received += io.bytes;
  }
  if (!deliver()) slice.end = Slice::End::stopped;
  decoder_.park();
  account();
  return slice;
}

std::optional<Receiver::Slice> Receiver::decode(std::size_t& allowance) {
  const Timestamp now = Timestamp::now();
  for (;;) {
    auto item = decoder_.next();
    if (!item) return Slice{.end = Slice::End::refused, .error = item.error().message};
    if (!*item) return std::nullopt;
    if ((*item)->kind == Item::Kind::window) {
      open(**item);
    } else {
      if (!in_window_) open(**item);
      if (!batch_) batch_ = Batch::make();
      events_.read(**item, decoder_, now, *batch_);
      ++position_;
    }
    if (!take(**item)) return Slice{.end = Slice::End::stopped};
    const std::size_t bytes = (*item)->payload.size();
    if (allowance <= bytes) return Slice{.end = Slice::End::more};
    allowance -= bytes;
  }
}

void Receiver::open(const Item& item) {
  in_window_ = true;
  deliveries_.opened(item.version);
  // A window that needs several batches is divided evenly.
  const std::uint32_t most = std::max<std::uint32_t>(emitter_.batch_size(), 1);
  const std::uint32_t batches = std::max<std::uint32_t>((item.count + most - 1) / most, 1);
  batch_events_ = item.count > most ? (item.count + batches - 1) / batches : most;
}

/// After an item: batches that are full are closed, those of a complete window go out. No batch has
/// events of two windows: what the pipeline has of a window that is not complete, because we are
/// stopped there, would come again.
bool Receiver::take(const Item& item) {
  if (item.ends_window) {
    in_window_ = false;
    deliveries_.completed(item.kind == Item::Kind::window ? 0 : item.sequence, position_);
    seal();
    return emit_sealed();
  }
  if (!batch_) return true;
  const bool full = batch_->size() >= batch_events_ || batch_->footprint() >= kMostBatchBytes;
  if (!full) return true;
  seal();
  account();
  return held_back() <= kMostHeldBack && account_.may_read() ? true : emit_sealed();
}

void Receiver::seal() {
  if (!batch_) return;
  auto bad = events_.finish(*batch_);
  sealed_bytes_ += batch_->footprint();
  sealed_.push_back({std::move(batch_), position_, std::move(bad)});
}

bool Receiver::emit_sealed() {
  decoder_.share_blocks();
  while (!sealed_.empty()) {
    Sealed next = std::move(sealed_.front());
    sealed_.pop_front();
    const std::size_t bytes = next.batch->footprint();
    sealed_bytes_ -= std::min(bytes, sealed_bytes_);
    if (!bad_events_.set_aside(*next.batch, next.bad, emitter_.stop())) return false;
    deliveries_.emitting(next.position, bytes);
    if (!emitter_.emit(std::move(next.batch), {connection_, next.position})) return false;
  }
  return true;
}

/// Nothing more can be read for now. What there is of an unfinished window goes out only where its
/// memory is needed.
bool Receiver::deliver() {
  account();
  return account_.may_read() ? true : emit_all();
}

bool Receiver::emit_all() {
  seal();
  const bool taken = emit_sealed();
  account();
  return taken;
}

Receiver::Slice Receiver::let_go() {
  decoder_.stop_collecting();
  std::size_t allowance = kTurn;
  Slice slice = decode(allowance).value_or(Slice{});
  if (!emit_all()) slice.end = Slice::End::stopped;
  decoder_.park();
  account();
  return slice;
}

std::size_t Receiver::held_back() const {
  return sealed_bytes_ + (batch_ ? batch_->footprint() : 0);
}

void Receiver::account() { account_.set_unsent(decoder_.footprint() + held_back()); }

}  // namespace millrace::beats
