#include "pipeline/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace millrace::cli {

Progress::Progress()
    : enabled_(isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO)),
      shown_at_(std::chrono::steady_clock::now()) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::show(const std::vector<std::unique_ptr<Pipeline>>& pipelines) {
  if (!enabled_) return;
  LedgerLine all;
  for (const auto& pipeline : pipelines) {
    const LedgerLine line = pipeline->ledger().pipeline().snapshot();
    all.in += line.in;
    all.made += line.made;
    all.delivered += line.delivered;
    all.dropped += line.dropped;
    all.dead_lettered += line.dead_lettered;
  }
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - shown_at_).count();
  const double rate =
      static_cast<double>(all.settled() - settled_before_) / (seconds > 0 ? seconds : 1);
  fmt::print(stderr, "\r\033[K{:.0f} events/s   in {}   delivered {}   dropped {}   waiting {}",
             rate, all.in, all.delivered, all.dropped, all.in_flight());
  std::fflush(stderr);
  shown_ = true;
  settled_before_ = all.settled();
  shown_at_ = now;
}

}  // namespace millrace::cli
