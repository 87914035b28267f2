#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace millrace::beats {

/// The bytes that all connections of an input hold together: what was received and is not decoded,
/// and events that are not delivered. Thread-safe.
///
/// As long as less than half of it is used everybody may read. Past that a connection may only hold
/// its share of that half: one that is given much cannot starve those that hold little, and the
/// whole stays below the budget.
class Budget {
 public:
  explicit Budget(std::size_t bytes) : half_(bytes / 2) {}

  /// What one connection holds.
  class Account {
   public:
    explicit Account(Budget& budget) : budget_(budget) { ++budget_.accounts_; }
    ~Account();
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    /// Buffers and events that are not emitted yet; by one thread at a time.
    void set_unsent(std::size_t bytes);
    /// Of events that are emitted and not delivered yet.
    void add_in_flight(std::size_t bytes);
    void remove_in_flight(std::size_t bytes);

    bool may_read() const;
    std::size_t bytes() const { return unsent_ + in_flight_; }

   private:
    Budget& budget_;
    std::atomic<std::size_t> unsent_{0};
    std::atomic<std::size_t> in_flight_{0};
  };

  std::size_t used() const { return used_; }
  /// Nobody's memory will come back by itself: all that is used is of unfinished frames.
  bool stuck() const { return used_ >= half_ && in_flight_ == 0; }

  /// Called, from any thread, when there may be room again after wait_for_room().
  void on_room(std::function<void()> call) { on_room_ = std::move(call); }
  void wait_for_room() { waited_for_ = true; }

 private:
  void changed(std::size_t more, std::size_t less);

  const std::size_t half_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> in_flight_{0};
  std::atomic<std::size_t> accounts_{0};
  std::atomic<bool> waited_for_{false};
  std::function<void()> on_room_;  // set before there are accounts
};

}  // namespace millrace::beats
