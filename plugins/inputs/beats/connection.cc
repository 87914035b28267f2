#include "plugins/inputs/beats/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>

#include "plugins/inputs/beats/tls_peer.h"

namespace millrace::beats {
namespace {

constexpr std::size_t kMostUnsent = 4 * 1024;  // of ACKs that a client does not read
constexpr std::chrono::seconds kDrainTime{1};
constexpr Clock::duration kCrowdedHandshakeTime = std::chrono::seconds(1);

}  // namespace

Connection::Connection(std::uint64_t id, Socket socket, std::string address, TlsSession tls,
                       Shared& shared, ConnectionOwner& owner)
    : id_(id),
      socket_(std::move(socket)),
      shared_(shared),
      owner_(owner),
      peer_{.address = std::move(address)},
      transport_(socket_.native_handle(), std::move(tls)),
      account_(shared.budget),
      deliveries_(shared.options.keepalive, shared.options.partial_acks, account_),
      receiver_(id, shared.options.limits(), shared.rules, peer_, shared.emitter, deliveries_,
                account_),
      began_(Clock::now()),
      last_received_(began_),
      last_active_(began_) {}

void Connection::start() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->phase_ == Phase::closed) return self->owner_.handshake_over();
    self->started_ = true;
    self->handshake_began_ = Clock::now();
    self->handshake();
  });
}

void Connection::acknowledged(std::uint64_t position) {
  deliveries_.acknowledged(position);
  if (flush_posted_.exchange(true)) return;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void Connection::resume() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (!std::exchange(self->paused_, false)) return;
    self->last_received_ = Clock::now();  // it was not allowed to make progress
    if (self->phase_ == Phase::open) self->take_turn();
  });
}

void Connection::check(bool crowded) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), crowded] {
    const auto now = Clock::now();
    const Clock::duration patience = self->shared_.options.ssl_handshake_timeout;
    if (self->phase_ == Phase::handshake && self->started_ &&
        now - self->handshake_began_ >
            (crowded ? std::min(patience, kCrowdedHandshakeTime) : patience))
      return self->offend("no TLS handshake in time");
    if (self->phase_ == Phase::ending && now > self->end_by_) return self->close();
    if (self->is_stalled(now))
      return self->offend("no event of its oldest window was delivered within max_window_age");
    if (self->phase_ == Phase::open && !self->working_ && !self->paused_) self->check_open(now);
    if (self->phase_ == Phase::open || self->phase_ == Phase::finishing) self->flush();
  });
}

void Connection::finish(std::function<void()> seen) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), seen = std::move(seen)] {
    if (self->phase_ == Phase::handshake)
      self->close();
    else
      self->stop_reading();
    seen();
  });
}

void Connection::end() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->phase_ == Phase::closed || self->phase_ == Phase::ending) return;
    self->flush();
    if (self->phase_ != Phase::closed && self->phase_ != Phase::ending) self->begin_end();
  });
}

void Connection::expel(std::string reason) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), reason = std::move(reason)] {
    if (self->phase_ == Phase::open) self->offend(reason);
  });
}

bool Connection::is_allowed() const {
  const std::vector<std::string>& allowed = shared_.options.ssl_allowed_clients;
  const auto is_named = [&](const std::string& name) {
    return std::find(allowed.begin(), allowed.end(), name) != allowed.end();
  };
  return allowed.empty() || is_named(peer_.subject) ||
         std::any_of(peer_.alternative_names.begin(), peer_.alternative_names.end(), is_named);
}

void Connection::wait(bool for_writing, void (Connection::*then)()) {
  socket_.async_wait(for_writing ? Socket::wait_write : Socket::wait_read,
                     [self = shared_from_this(), then](const boost::system::error_code& error) {
                       if (!error && self->phase_ != Phase::closed) ((*self).*then)();
                     });
}

void Connection::handshake() {
  const Transport::Io io = transport_.handshake();
  switch (io.state) {
    case Transport::State::done:
      return opened();
    case Transport::State::wants_read:
    case Transport::State::wants_write:
      return wait(io.state == Transport::State::wants_write, &Connection::handshake);
    default:
      return offend("TLS handshake failed: " + io.error +
                    (io.error == "wrong version number" ? "; is this a client without TLS?" : ""));
  }
}

void Connection::opened() {
  if (transport_.tls()) describe(transport_.tls(), peer_);
  if (!is_allowed())
    return offend("its certificate is of none of ssl_allowed_clients, but of " + peer_.subject);
  phase_ = Phase::open;
  last_received_ = last_active_ = Clock::now();
  owner_.handshake_over();
  wait(false, &Connection::take_turn);
}

void Connection::take_turn() {
  if (phase_ != Phase::open || working_) return;
  working_ = true;
  if (!receiver_.unfinished() && transport_.peek() == '2') deliveries_.expect(true);
  const bool short_of_memory = !account_.may_read();
  asio::post(shared_.workers, [self = shared_from_this(), short_of_memory] {
    auto slice = short_of_memory
                     ? self->receiver_.let_go()
                     : self->receiver_.work([&](auto into) { return self->transport_.read(into); });
    asio::post(self->socket_.get_executor(), [self, slice = std::move(slice), short_of_memory] {
      self->turn_over(slice, short_of_memory);
    });
  });
}

void Connection::turn_over(const Receiver::Slice& slice, bool short_of_memory) {
  using End = Receiver::Slice::End;
  working_ = false;
  if (!short_of_memory) deliveries_.expect(false);
  if (slice.received > 0) last_received_ = last_active_ = Clock::now();
  if (phase_ == Phase::closed || close_after_turn_) return close();
  if (slice.end == End::refused) owner_.offended(peer_.address, slice.error);
  const bool goes_on = slice.end == End::drained || slice.end == End::more;
  if (phase_ != Phase::open || !goes_on) {
    stop_reading();
  } else if (slice.end == End::more) {
    take_turn();
  } else if (short_of_memory) {
    paused_ = true;
    owner_.paused(shared_from_this());
  } else {
    wait(slice.wants_write, &Connection::take_turn);
  }
  flush();
}

/// Keep-alives would hold the client here for ever; elsewhere it may get on.
bool Connection::is_stalled(Clock::time_point now) const {
  const auto most = shared_.options.max_window_age;
  if (most.count() == 0 || (phase_ != Phase::open && phase_ != Phase::finishing)) return false;
  const auto since = deliveries_.stalled_since();
  return since && now - *since > most;
}

void Connection::check_open(Clock::time_point now) {
  const BeatsOptions& options = shared_.options;
  if (receiver_.unfinished() && now - last_received_ > options.receive_timeout)
    return offend("a window that was begun did not go on");
  if (receiver_.unfinished() || !deliveries_.idle()) {
    last_active_ = now;
    return;
  }
  const auto inactivity = options.client_inactivity_timeout;
  if (inactivity.count() > 0 && now - last_active_ > inactivity) return stop_reading();
  const auto age = options.max_connection_age;
  if (age.count() > 0 && now - began_ > age) stop_reading();
}

/// Sends what is due, and closes when that was the last.
void Connection::flush() {
  if (phase_ != Phase::open && phase_ != Phase::finishing) return;
  deliveries_.take(Clock::now(), unsent_);
  write();
}

void Connection::write() {
  while (!unsent_.empty() && !writing_ && phase_ != Phase::closed) {
    const Transport::Io io = transport_.write(unsent_);
    if (io.state == Transport::State::done) {
      unsent_.erase(0, io.bytes);
      last_active_ = Clock::now();
      continue;
    }
    if (io.state != Transport::State::wants_read && io.state != Transport::State::wants_write)
      return close();
    if (unsent_.size() > kMostUnsent) return offend("it does not read its acknowledgements");
    writing_ = true;
    socket_.async_wait(
        io.state == Transport::State::wants_write ? Socket::wait_write : Socket::wait_read,
        [self = shared_from_this()](const boost::system::error_code& error) {
          self->writing_ = false;
          if (!error) self->write();
        });
  }
  if (phase_ == Phase::finishing && !working_ && unsent_.empty() && deliveries_.waiting() == 0)
    begin_end();
}

void Connection::stop_reading() {
  if (phase_ == Phase::open) phase_ = Phase::finishing;
  flush();
}

/// The client shall see our end behind the last ACK: closing with its bytes unread would make the
/// system send a reset, which can overtake that ACK.
void Connection::begin_end() {
  phase_ = Phase::ending;
  end_by_ = Clock::now() + kDrainTime;
  transport_.end_writing();
  if (!working_) drain();
}

void Connection::drain() {
  std::array<char, 16 * 1024> nowhere;
  for (int turn = 0; turn < 16; ++turn) {
    const ssize_t got = recv(socket_.native_handle(), nowhere.data(), nowhere.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return close();
    if (got < 0) break;
  }
  wait(false, &Connection::drain);
}

void Connection::offend(const std::string& what) {
  if (close_after_turn_) return;
  owner_.offended(peer_.address, what);
  close();
}

void Connection::close() {
  if (working_) {  // the worker may be reading
    close_after_turn_ = true;
    return;
  }
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::handshake && started_) owner_.handshake_over();
  phase_ = Phase::closed;
  boost::system::error_code ignored;
  socket_.close(ignored);
  owner_.closed(id_);
}

}  // namespace millrace::beats
