#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace millrace::elasticsearch {

/// What the output has done since the start. Thread-safe: the sender counts, the ledger's report
/// reads.
class Totals {
 public:
  struct Counts {
    std::uint64_t requests = 0;
    std::uint64_t documents = 0;         ///< delivered
    std::uint64_t absorbed = 0;          ///< of a try whose answer was lost
    std::uint64_t failure_store = 0;     ///< documents that the server has put aside
    std::uint64_t lost_connections = 0;  ///< under a request
    std::uint64_t plain_bytes = 0, wire_bytes = 0;
    std::chrono::microseconds took{0};  ///< of all answered requests together
    /// Documents that were turned away, and whole requests, by status; 0: the answer did not say.
    std::map<int, std::uint64_t> items_again, requests_again;
    std::size_t in_flight = 0, most_in_flight = 0, allowed = 0;  ///< requests
    std::size_t hosts = 0, alive = 0;
  };

  template <typename Change>
  void change(Change&& change) {
    const std::lock_guard lock(mutex_);
    change(counts_);
  }

  /// On one line; "" before the first request.
  std::string text() const;

 private:
  mutable std::mutex mutex_;
  Counts counts_;  // guarded by mutex_
};

}  // namespace millrace::elasticsearch
