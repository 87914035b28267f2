#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/delivery/receipt.h"

namespace millrace {

/// Events by what became of them. in + made = delivered + dropped + dead_lettered + in_flight,
/// always.
struct LedgerLine {
  std::uint64_t in = 0;    ///< came in
  std::uint64_t made = 0;  ///< born inside: clones, and the pieces of a split less the whole
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;
  std::uint64_t dead_lettered = 0;

  std::uint64_t settled() const { return delivered + dropped + dead_lettered; }
  std::uint64_t in_flight() const { return in + made - settled(); }
};

/// The counters behind one line. Each may be bumped from any thread; a snapshot reads what is
/// settled first, so in_flight() of it is never negative.
class LedgerCounters {
 public:
  void came_in(std::uint64_t events) { in_.fetch_add(events, std::memory_order_relaxed); }
  void made(std::uint64_t events) { made_.fetch_add(events, std::memory_order_relaxed); }
  void settled(Verdict verdict, std::uint64_t events) {
    by_verdict_[static_cast<int>(verdict)].fetch_add(events, std::memory_order_release);
  }

  LedgerLine snapshot() const {
    LedgerLine line;
    line.delivered = by_verdict_[0].load(std::memory_order_acquire);
    line.dropped = by_verdict_[1].load(std::memory_order_acquire);
    line.dead_lettered = by_verdict_[2].load(std::memory_order_acquire);
    line.made = made_.load(std::memory_order_relaxed);
    line.in = in_.load(std::memory_order_relaxed);
    return line;
  }

 private:
  std::atomic<std::uint64_t> in_{0};
  std::atomic<std::uint64_t> made_{0};
  std::atomic<std::uint64_t> by_verdict_[3] = {};
};

/// The books of one pipeline: a line for itself, one for each input (in only), one for each output
/// (what was handed to it).
class Ledger {
 public:
  struct Account {
    std::string id;  ///< the plugin's id
    LedgerCounters counters;
  };

  LedgerCounters& pipeline() { return pipeline_; }
  const LedgerCounters& pipeline() const { return pipeline_; }

  /// Before the pipeline starts; the account lives as long as the ledger.
  Account& add_input(std::string id) { return add(inputs_, std::move(id)); }
  Account& add_output(std::string id) { return add(outputs_, std::move(id)); }
  const std::vector<std::unique_ptr<Account>>& inputs() const { return inputs_; }
  const std::vector<std::unique_ptr<Account>>& outputs() const { return outputs_; }

  /// For people, several lines, ending in "balances" or, were it ever wrong, "DOES NOT BALANCE".
  std::string report(const std::string& pipeline_id) const;

 private:
  using Accounts = std::vector<std::unique_ptr<Account>>;
  static Account& add(Accounts& accounts, std::string id) {
    accounts.push_back(std::make_unique<Account>());
    accounts.back()->id = std::move(id);
    return *accounts.back();
  }

  LedgerCounters pipeline_;
  Accounts inputs_;
  Accounts outputs_;
};

}  // namespace millrace
