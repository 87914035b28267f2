#include "pipeline/cli/signals.h"

#include <unistd.h>

#include <csignal>

namespace millrace::cli {
namespace {

/// SIGUSR2 only wakes the waiting thread.
sigset_t awaited() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR2}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = awaited();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A closed pipe and a file at its limit are errors of write().
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

int Signals::wait(std::chrono::milliseconds time) const {
  const sigset_t set = awaited();
  const timespec timeout{static_cast<time_t>(time.count() / 1000),
                         static_cast<long>(time.count() % 1000 * 1'000'000)};
  const int signal = sigtimedwait(&set, nullptr, &timeout);
  return signal > 0 && signal != SIGUSR2 ? signal : 0;
}

void Signals::interrupt() { kill(getpid(), SIGUSR2); }

}  // namespace millrace::cli
