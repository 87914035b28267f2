#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "plugins/inputs/beats/connection.h"
#include "plugins/inputs/beats/offenders.h"

namespace millrace::beats {

/// Listens, and looks after all connections: how many there may be, whose turn it is when memory is
/// short, timeouts, and the end.
///
/// Life: create(), start(), stop_reading(), end(). acknowledged() may come from any thread.
class Server : ConnectionOwner {
 public:
  /// Listens, and reads the TLS files. Errors: Errc::io, the address cannot be had; Errc::invalid,
  /// a file is no good.
  static Result<std::unique_ptr<Server>> create(std::string name, const BeatsOptions& options,
                                                const EventRules& rules, Emitter& emitter);
  ~Server() override;

  void start();
  void acknowledged(SourcePosition position);
  /// Takes no more connections and reads no more of those that are open. Returns when nothing more
  /// will be emitted; what is on its way is still acknowledged and clients are kept alive.
  void stop_reading();
  /// Closes the connections behind the last ACKs and ends all threads.
  void end();

 private:
  Server(std::string name, const BeatsOptions& options, const EventRules& rules, Emitter& emitter);
  Result<void> listen();

  void accept();
  void take_in(Socket socket, const std::string& address);
  void begin_handshakes();
  void check();
  void check_memory();
  void refresh_tls();
  void resume_paused();
  std::vector<std::shared_ptr<Connection>> connections() const;

  void handshake_over() override;
  void paused(std::shared_ptr<Connection> connection) override;
  void offended(const std::string& address, const std::string& what) override;
  void closed(std::uint64_t id) override;

  struct Client {
    std::shared_ptr<Connection> connection;
    std::string address;
  };

  const std::string name_;
  const BeatsOptions& options_;
  Budget budget_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  Strand strand_;  // of what is not guarded by mutex_
  asio::basic_socket_acceptor<asio::ip::tcp, Strand> acceptor_;
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Strand> tick_;
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Strand> pause_;
  std::optional<TlsServer> tls_;
  Clock::time_point tls_checked_{};
  Clock::time_point stuck_since_{};
  Offenders offenders_;
  std::uint64_t next_id_ = 1;
  std::uint32_t handshakes_ = 0;
  std::deque<std::weak_ptr<Connection>> to_begin_;  // wait for a handshake to be over
  std::deque<std::shared_ptr<Connection>> paused_;  // wait for memory, the longest first

  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Client> clients_;          // guarded by mutex_
  std::unordered_map<std::string, std::uint32_t> by_address_;  // guarded by mutex_
  std::condition_variable gone_;

  asio::thread_pool workers_;
  Shared shared_;
  std::vector<std::thread> threads_;
};

}  // namespace millrace::beats
