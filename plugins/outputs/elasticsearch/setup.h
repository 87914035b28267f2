#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "plugins/outputs/elasticsearch/bootstrap.h"
#include "plugins/outputs/elasticsearch/hosts.h"
#include "plugins/support/http_client.h"

namespace millrace::elasticsearch {

/// Takes a cluster through its bootstrap steps, one request at a time. What cannot be done now is
/// tried again; what the server refuses is said and tried again, slowly, since documents that went
/// to indices of a wrong shape cannot be taken back. Only what the user may not do is left out.
class ClusterSetup {
 public:
  ClusterSetup(const BootstrapSettings& settings, Backoff backoff, std::string component)
      : settings_(settings), backoff_(backoff), component_(std::move(component)) {}

  bool done() const { return done_; }

  /// The next request, to `host`, without the headers; nullopt: not now.
  std::optional<HttpRequest> next(const Host& host, Clock::time_point now);
  /// What came of it. `explained`: the answer's body in words.
  void answered(const HttpAnswer& answer, const std::string& explained, Clock::time_point now);
  /// When next() may have a request again.
  Clock::time_point due() const { return not_before_; }

 private:
  bool plan(const Host& host, Clock::time_point now);
  void advance(std::size_t steps);
  void later(Clock::time_point now, const std::string& why);

  const BootstrapSettings& settings_;
  const Backoff backoff_;
  const std::string component_;
  std::vector<BootstrapStep> steps_;
  std::size_t at_ = 0;
  bool planned_ = false;
  bool in_flight_ = false;
  bool done_ = false;
  unsigned tries_ = 0;
  std::string said_;  // the last complaint
  Clock::time_point not_before_{};
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace millrace::elasticsearch
