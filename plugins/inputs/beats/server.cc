#include "plugins/inputs/beats/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <future>
#include <latch>

#include "pipeline/observe/log.h"
#include "pipeline/observe/thread_name.h"

namespace millrace::beats {
namespace {

constexpr std::chrono::milliseconds kLongestTick{500};
constexpr std::chrono::milliseconds kPauseAfterAcceptError{100};
constexpr std::chrono::seconds kEndTime{2};
constexpr int kBacklog = 1024;

std::size_t worker_count(const BeatsOptions& options) {
  if (options.executor_threads > 0) return options.executor_threads;
  return std::max(1u, std::thread::hardware_concurrency());
}

std::chrono::milliseconds tick_time(const BeatsOptions& options) {
  const auto shortest =
      std::min({options.keepalive, options.receive_timeout, options.ssl_handshake_timeout});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), kLongestTick);
}

}  // namespace

Server::Server(std::string name, const BeatsOptions& options, const EventRules& rules,
               Emitter& emitter)
    : name_(std::move(name)),
      options_(options),
      budget_(options.max_memory.count),
      work_(asio::make_work_guard(io_)),
      strand_(asio::make_strand(io_)),
      acceptor_(strand_),
      tick_(strand_),
      pause_(strand_),
      workers_(worker_count(options)),
      shared_{options, rules, budget_, emitter, workers_} {
  budget_.on_room([this] { asio::post(strand_, [this] { resume_paused(); }); });
}

Server::~Server() { end(); }

Result<std::unique_ptr<Server>> Server::create(std::string name, const BeatsOptions& options,
                                               const EventRules& rules, Emitter& emitter) {
  std::unique_ptr<Server> server(new Server(std::move(name), options, rules, emitter));
  if (options.ssl_enabled) {
    auto tls = TlsServer::create(options.tls());
    if (!tls) return fail(std::move(tls).error());
    server->tls_ = std::move(*tls);
  }
  if (auto listening = server->listen(); !listening) return fail(std::move(listening).error());
  return server;
}

Result<void> Server::listen() {
  boost::system::error_code error;
  const auto failed = [&] {
    return fail(Errc::io, fmt::format("cannot listen on {} port {}: {}", options_.host,
                                      options_.port, error.message()));
  };
  asio::ip::tcp::resolver resolver(io_);
  const auto found = resolver.resolve(options_.host, std::to_string(options_.port),
                                      asio::ip::resolver_base::passive, error);
  if (error || found.empty()) return failed();
  const asio::ip::tcp::endpoint endpoint = found.begin()->endpoint();
  if (acceptor_.open(endpoint.protocol(), error)) return failed();
  acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (acceptor_.bind(endpoint, error)) return failed();
  if (acceptor_.listen(kBacklog, error)) return failed();
  const auto bound = acceptor_.local_endpoint(error);
  log::info(name_, "listening on {} port {}{}", options_.host, bound.port(),
            options_.ssl_enabled ? " with TLS" : "");
  return {};
}

void Server::start() {
  asio::post(strand_, [this] {
    accept();
    check();
  });
  for (std::uint32_t i = 0; i < std::max(options_.event_loop_threads, 1u); ++i)
    threads_.emplace_back([this] {
      name_thread("beats io");
      io_.run();
    });
}

void Server::accept() {
  acceptor_.async_accept(asio::make_strand(io_),
                         [this](boost::system::error_code error, Socket socket) {
                           if (error == asio::error::operation_aborted || !acceptor_.is_open())
                             return;
                           if (error) {  // out of descriptors, mostly: others may be closed soon
                             pause_.expires_after(kPauseAfterAcceptError);
                             pause_.async_wait([this](const boost::system::error_code& stopped) {
                               if (!stopped) accept();
                             });
                             return;
                           }
                           const auto peer = socket.remote_endpoint(error);
                           if (!error) take_in(std::move(socket), peer.address().to_string());
                           accept();
                         });
}

void Server::take_in(Socket socket, const std::string& address) {
  boost::system::error_code ignored;
  socket.native_non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  TlsSession session;
  if (tls_) {
    auto made = tls_->session(socket.native_handle());
    if (!made) return offended(address, made.error().message);
    session = std::move(*made);
  }
  std::shared_ptr<Connection> connection;
  {
    std::lock_guard lock(mutex_);
    if (clients_.size() >= options_.max_connections)
      return offended(address,
                      fmt::format("there are {} connections (max_connections)", clients_.size()));
    std::uint32_t& same = by_address_[address];
    if (same >= options_.max_connections_per_address)
      return offended(address,
                      fmt::format("it has {} connections (max_connections_per_address)", same));
    ++same;
    connection =
        std::make_shared<Connection>(next_id_++, std::move(socket), address, std::move(session),
                                     shared_, static_cast<ConnectionOwner&>(*this));
    clients_.emplace(connection->id(), Client{connection, address});
  }
  to_begin_.push_back(connection);
  begin_handshakes();
}

void Server::begin_handshakes() {
  while (handshakes_ < options_.max_handshakes && !to_begin_.empty()) {
    const auto connection = to_begin_.front().lock();
    to_begin_.pop_front();
    if (!connection) continue;
    ++handshakes_;
    connection->start();
  }
}

void Server::handshake_over() {
  asio::post(strand_, [this] {
    --handshakes_;
    begin_handshakes();
  });
}

void Server::paused(std::shared_ptr<Connection> connection) {
  asio::post(strand_, [this, connection = std::move(connection)] {
    paused_.push_back(connection);
    budget_.wait_for_room();
    resume_paused();
  });
}

/// Those that may read by now, the longest waiting first; they have their next turn behind
/// everybody who is waiting for a worker.
void Server::resume_paused() {
  std::erase_if(paused_, [](const auto& connection) {
    if (!connection->may_read()) return false;
    connection->resume();
    return true;
  });
  if (!paused_.empty()) budget_.wait_for_room();
}

void Server::offended(const std::string& address, const std::string& what) {
  asio::post(strand_, [this, address, what] {
    const auto unmentioned = offenders_.mention(address, Clock::now());
    if (!unmentioned) return;
    const std::string more =
        *unmentioned > 0 ? fmt::format(" ({} more since the last such line)", *unmentioned) : "";
    log::warn(name_, "closed the connection of {}: {}{}", address, what, more);
  });
}

void Server::closed(std::uint64_t id) {
  std::lock_guard lock(mutex_);
  const auto client = clients_.find(id);
  if (client == clients_.end()) return;
  const auto same = by_address_.find(client->second.address);
  if (--same->second == 0) by_address_.erase(same);
  clients_.erase(client);
  gone_.notify_all();
}

std::vector<std::shared_ptr<Connection>> Server::connections() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Connection>> out;
  for (const auto& [id, client] : clients_) out.push_back(client.connection);
  return out;
}

void Server::check() {
  for (const auto& connection : connections()) connection->check(!to_begin_.empty());
  check_memory();
  refresh_tls();
  tick_.expires_after(tick_time(options_));
  tick_.async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped) check();
  });
}

/// When all memory is taken by what can never be finished because nothing more is read, the largest
/// has to go; its client will send it again.
void Server::check_memory() {
  const auto now = Clock::now();
  resume_paused();
  if (paused_.empty() || !budget_.stuck()) {
    stuck_since_ = now;
    return;
  }
  if (now - stuck_since_ < 2 * tick_time(options_)) return;
  stuck_since_ = now;
  const auto largest =
      std::max_element(paused_.begin(), paused_.end(),
                       [](const auto& a, const auto& b) { return a->bytes() < b->bytes(); });
  (*largest)->expel(fmt::format(
      "{} bytes of an unfinished window while memory is short (max_memory)", (*largest)->bytes()));
  paused_.erase(largest);
}

void Server::refresh_tls() {
  const auto now = Clock::now();
  if (!tls_ || options_.ssl_reload_interval.count() == 0 ||
      now - tls_checked_ < options_.ssl_reload_interval)
    return;
  tls_checked_ = now;
  const auto changed = tls_->refresh();
  if (!changed)
    log::error(name_, "the TLS files have changed and cannot be used, the old ones stay: {}",
               changed.error().message);
  else if (*changed)
    log::info(name_, "new connections use the TLS files that have changed");
}

void Server::acknowledged(SourcePosition position) {
  std::shared_ptr<Connection> connection;
  {
    std::lock_guard lock(mutex_);
    const auto client = clients_.find(position.partition);
    if (client == clients_.end()) return;  // it is gone, and will send it again
    connection = client->second.connection;
  }
  connection->acknowledged(position.position);
}

void Server::stop_reading() {
  std::promise<void> stopped;
  asio::post(strand_, [this, &stopped] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    stopped.set_value();
  });
  stopped.get_future().wait();
  const auto open = connections();
  const auto seen = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(open.size()));
  for (const auto& connection : open) connection->finish([seen] { seen->count_down(); });
  seen->wait();  // from here on none of them gives the workers anything to do
  workers_.join();
}

void Server::end() {
  for (const auto& connection : connections()) connection->end();
  {
    std::unique_lock lock(mutex_);
    if (!threads_.empty()) gone_.wait_for(lock, kEndTime, [this] { return clients_.empty(); });
  }
  work_.reset();
  io_.stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  budget_.on_room({});  // nobody is left to be told
  workers_.stop();
  workers_.join();
}

}  // namespace millrace::beats
