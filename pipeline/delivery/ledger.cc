#include "pipeline/delivery/ledger.h"

#include <fmt/format.h>

namespace millrace {
namespace {

std::string describe(const LedgerLine& line) {
  std::string text =
      fmt::format("{} delivered, {} dropped by config, {} dead-lettered, {} in flight",
                  line.delivered, line.dropped, line.dead_lettered, line.in_flight());
  return text;
}

}  // namespace

std::string Ledger::report(const std::string& pipeline_id) const {
  const LedgerLine all = pipeline_.snapshot();
  std::uint64_t from_inputs = 0;
  std::string lines;
  for (const auto& input : inputs_) {
    const LedgerLine line = input->counters.snapshot();
    from_inputs += line.in;
    lines += fmt::format("  input {}: {} in\n", input->id, line.in);
  }
  for (const auto& output : outputs_) {
    const LedgerLine line = output->counters.snapshot();
    lines += fmt::format("  output {}: {} in = {}\n", output->id, line.in, describe(line));
  }
  const bool balances = from_inputs == all.in && all.settled() <= all.in + all.made;
  const std::string made =
      all.made == 0 ? ""
                    : fmt::format(" + {} made by filters", static_cast<std::int64_t>(all.made));
  return fmt::format("ledger of pipeline {}: {} in{} = {}; {}\n", pipeline_id, all.in, made,
                     describe(all), balances ? "balances" : "DOES NOT BALANCE") +
         lines;
}

}  // namespace millrace
