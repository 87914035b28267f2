#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "plugins/inputs/beats/options.h"
#include "plugins/inputs/beats/receiver.h"

namespace millrace::beats {

namespace asio = boost::asio;
using Strand = asio::strand<asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Strand>;
using Clock = std::chrono::steady_clock;

class Connection;

/// What all connections of an input have in common.
struct Shared {
  const BeatsOptions& options;
  const EventRules& rules;
  Budget& budget;
  Emitter& emitter;
  asio::thread_pool& workers;
};

/// What a connection tells its server; any thread.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void handshake_over() = 0;
  /// It shall be resumed when the budget has room.
  virtual void paused(std::shared_ptr<Connection> connection) = 0;
  /// The client did what made us close the connection.
  virtual void offended(const std::string& address, const std::string& what) = 0;
  virtual void closed(std::uint64_t id) = 0;
};

/// One client. The network side lives on a strand; a worker reads and decodes for it in turns, and
/// blocks there while the pipeline is full. ACKs and keep-alives never wait for a worker.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::uint64_t id, Socket socket, std::string address, TlsSession tls, Shared& shared,
             ConnectionOwner& owner);

  // From any thread.
  void start();
  void acknowledged(std::uint64_t position);
  void resume();
  /// Timeouts, keep-alives. `crowded`: others wait for a handshake to be over.
  void check(bool crowded);
  /// Reads no more; what was read is acknowledged when it is delivered, then it closes.
  /// `seen` is called once it does.
  void finish(std::function<void()> seen);
  /// As finish(), but waits for nothing that is not delivered by now.
  void end();
  /// At once, for `reason`.
  void expel(std::string reason);

  std::uint64_t id() const { return id_; }
  std::size_t bytes() const { return account_.bytes(); }
  bool may_read() const { return account_.may_read(); }

 private:
  enum class Phase { handshake, open, finishing, ending, closed };

  void handshake();
  void opened();
  void wait(bool for_writing, void (Connection::*then)());
  void take_turn();
  void turn_over(const Receiver::Slice& slice, bool short_of_memory);
  void check_open(Clock::time_point now);
  bool is_stalled(Clock::time_point now) const;
  bool is_allowed() const;
  void flush();
  void write();
  void stop_reading();
  void begin_end();
  void drain();
  void offend(const std::string& what);
  void close();

  const std::uint64_t id_;
  Socket socket_;
  Shared& shared_;
  ConnectionOwner& owner_;
  Peer peer_;
  Transport transport_;
  Budget::Account account_;
  Deliveries deliveries_;
  Receiver receiver_;  // the worker's while working_
  std::atomic<bool> flush_posted_{false};

  // On the strand from here on.
  Phase phase_ = Phase::handshake;
  bool started_ = false;
  bool working_ = false;
  bool paused_ = false;
  bool writing_ = false;
  bool close_after_turn_ = false;
  std::string unsent_;
  const Clock::time_point began_;
  Clock::time_point handshake_began_{};
  Clock::time_point last_received_;
  Clock::time_point last_active_;
  Clock::time_point end_by_{};
};

}  // namespace millrace::beats
