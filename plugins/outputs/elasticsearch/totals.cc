#include "plugins/outputs/elasticsearch/totals.h"

#include <fmt/format.h>

#include <string_view>

namespace millrace::elasticsearch {
namespace {

/// "12 documents (429: 10, 503: 2)"
std::string by_status(const std::map<int, std::uint64_t>& counts, std::string_view what) {
  std::uint64_t sum = 0;
  std::string each;
  for (const auto& [status, count] : counts) {
    sum += count;
    each += fmt::format("{}{}: {}", each.empty() ? " (" : ", ",
                        status == 0 ? "unknown" : std::to_string(status), count);
  }
  return fmt::format("{} {}{}{}", sum, what, each, each.empty() ? "" : ")");
}

}  // namespace

std::string Totals::text() const {
  const std::lock_guard lock(mutex_);
  const Counts& c = counts_;
  if (c.requests == 0) return {};
  const double ms = static_cast<double>(c.took.count()) / 1000 / static_cast<double>(c.requests);
  return fmt::format(
      "{} requests of {:.1f} ms, {} documents, {} found stored by an earlier try, {} in the "
      "failure "
      "store; sent again: {}, {}; {} connections lost; {} KiB sent as {} KiB; "
      "{} requests in flight, {} at most, {} allowed; {} of {} nodes alive",
      c.requests, ms, c.documents, c.absorbed, c.failure_store,
      by_status(c.items_again, "documents"), by_status(c.requests_again, "requests"),
      c.lost_connections, c.plain_bytes / 1024, c.wire_bytes / 1024, c.in_flight, c.most_in_flight,
      c.allowed, c.alive, c.hosts);
}

}  // namespace millrace::elasticsearch
