#pragma once

#include <chrono>

namespace millrace::cli {

/// Termination signals as answers to a wait, instead of handlers. Create before any thread starts:
/// threads inherit the blocked mask.
class Signals {
 public:
  Signals();

  /// The next of SIGTERM, SIGINT, SIGHUP; 0 where `time` passed first.
  int wait(std::chrono::milliseconds time) const;

  /// Ends a wait() that is under way, or the next one, with 0. From any thread.
  static void interrupt();
};

}  // namespace millrace::cli
