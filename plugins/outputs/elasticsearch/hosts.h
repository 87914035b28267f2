#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "pipeline/plugin/option_types.h"
#include "plugins/outputs/elasticsearch/jobs.h"
#include "plugins/outputs/elasticsearch/response.h"

namespace millrace::elasticsearch {

/// Where a node is, taken apart.
struct HostAddress {
  std::string base;  ///< "https://es1:9200/prefix", without credentials: fit for logs
  std::string user;  ///< of the URL, decoded; "": none
  Secret password;
};

/// Reads an item of `hosts`: a URL, `host` or `host:port`. `tls` is the scheme where none is given,
/// `path` the prefix where the URL has none. Errors: Errc::invalid, without the credentials.
Result<HostAddress> parse_host(std::string_view text, bool tls, std::string_view path);

/// The address that a cloud id (`name:base64`) stands for. Errors: Errc::invalid.
Result<HostAddress> parse_cloud_id(std::string_view id);

/// One node.
struct Host {
  enum class State : std::uint8_t {
    unknown,  ///< not asked yet
    alive,    ///< answered, and is what we want
    dead,     ///< was lost, or is something else
  };
  std::string base;
  std::string authorization;  ///< header line, or ""; secret

  State state = State::unknown;
  bool probing = false;
  std::size_t in_flight = 0;
  unsigned failures = 0;           ///< in a row: busy answers, or failed probes
  unsigned odd_answers = 0;        ///< in a row: bodies that say nothing
  Clock::time_point not_before{};  ///< of the next request or probe
  std::optional<ServerInfo> server{};
  bool said_dead = false;
};

/// The nodes: which one gets the next request, when a lost one is asked again. One thread.
class HostPool {
 public:
  struct Settings {
    Backoff busy;                                     ///< after 429, 503, 401, ...
    std::chrono::milliseconds resurrect_delay{5000};  ///< doubles to kMostResurrectDelay
  };
  static constexpr std::chrono::milliseconds kMostResurrectDelay{60'000};

  HostPool(std::vector<Host> hosts, Settings settings)
      : hosts_(std::move(hosts)), settings_(settings) {}

  /// The live host with the fewest requests under way, ties at random; nullptr: none may be asked
  /// now.
  Host* pick(Clock::time_point now);
  bool can_pick(Clock::time_point now) const;
  /// A host that should be probed now.
  Host* to_probe(Clock::time_point now);
  /// When pick() or to_probe() may have another answer by time alone.
  Clock::time_point due(Clock::time_point now) const;

  void revived(Host& host, ServerInfo server);
  /// No connection, a broken one, or no Elasticsearch: not used until a probe succeeds.
  void lost(Host& host, Clock::time_point now);
  /// It answered, but not now: nothing more to this host for a while, `asked_for` at least.
  void busy(Host& host, Clock::time_point now, std::chrono::seconds asked_for);
  void served(Host& host);
  /// An answer that says nothing. True: that was one too many, the host is lost now.
  bool odd(Host& host, Clock::time_point now);

  std::size_t alive() const;
  std::vector<Host>& all() { return hosts_; }
  const std::vector<Host>& all() const { return hosts_; }

 private:
  void busy_after_odd(Host& host, Clock::time_point now);

  std::vector<Host> hosts_;
  const Settings settings_;
  std::mt19937_64 random_{std::random_device{}()};
};

/// How many requests may be under way: one more after a row of good answers, half as many when the
/// server is busy (additive increase, multiplicative decrease).
class Concurrency {
 public:
  explicit Concurrency(std::size_t most) : most_(most), allowed_(static_cast<double>(most)) {}

  std::size_t allowed() const { return static_cast<std::size_t>(allowed_); }
  void good();
  /// At most once for the requests that were under way together.
  void too_much(std::size_t in_flight);

 private:
  const std::size_t most_;
  double allowed_;
  std::size_t good_in_row_ = 0;
  std::size_t ignore_ = 0;  // answers to requests that were sent before the last cut
};

}  // namespace millrace::elasticsearch
