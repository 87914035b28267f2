#include "pipeline/delivery/delivery.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr std::uint16_t kVerdictShift = 14;
constexpr std::uint16_t kOwedMask = (1 << kVerdictShift) - 1;

}  // namespace

std::vector<Delivery> Dispatch::split(Batch::Ptr batch, std::uint32_t arrived,
                                      std::vector<Selection> wanted,
                                      std::vector<LedgerCounters*> outputs,
                                      LedgerCounters& pipeline) {
  const std::shared_ptr<Dispatch> dispatch(new Dispatch(std::move(batch), pipeline));
  if (wanted.size() > 1) {
    const std::uint32_t size = dispatch->batch_->size();
    dispatch->owed_ = std::make_unique<std::atomic<std::uint16_t>[]>(size);
    for (const Selection& selection : wanted)
      for (std::uint32_t at : selection)
        dispatch->owed_[at].fetch_add(1, std::memory_order_relaxed);
  }
  dispatch->settle_unwanted(arrived, wanted);
  std::vector<Delivery> deliveries;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    outputs[i]->came_in(wanted[i].size());
    deliveries.push_back(Delivery(dispatch, std::move(wanted[i]), *outputs[i]));
  }
  return deliveries;
}

/// Children join their parents' receipts; then everything that no output will speak for is settled.
void Dispatch::settle_unwanted(std::uint32_t arrived, std::span<const Selection> wanted) {
  const Batch& batch = *batch_;
  std::uint64_t replaced = 0;
  for (std::uint32_t at = arrived; at < batch.size(); ++at)
    if (batch.receipt(at)) batch.receipt(at)->add(1);
  std::size_t spoken_for = 0;
  for (const Selection& selection : wanted) spoken_for += selection.size();
  if (spoken_for == batch.size() && wanted.size() == 1) {
    if (batch.size() > arrived) pipeline_.made(batch.size() - arrived);
    return;  // the usual case: everything goes to the one output
  }
  std::vector<bool> goes_on(batch.size());
  for (const Selection& selection : wanted)
    for (std::uint32_t at : selection) goes_on[at] = true;
  Selection gone;
  std::uint64_t dropped = 0;
  std::uint64_t dead_lettered = 0;
  for (std::uint32_t at = 0; at < batch.size(); ++at) {
    if (goes_on[at]) continue;
    gone.push_back(at);
    if (batch.state(at) == EventState::replaced)
      ++replaced;
    else if (batch.state(at) == EventState::dead_lettered)
      ++dead_lettered;
    else
      ++dropped;
  }
  // A replaced event lives on in its children: the books only show how many more there are now.
  // Modular arithmetic keeps the sum right where a split left fewer than there were.
  pipeline_.made(batch.size() - arrived - replaced);
  pipeline_.settled(Verdict::dropped, dropped);
  pipeline_.settled(Verdict::dead_lettered, dead_lettered);
  settle_receipts(gone);
}

void Dispatch::settle_receipts(std::span<const std::uint32_t> events) {
  for (std::size_t i = 0;
       i < events.size();) {  // neighbours mostly share a receipt: one atomic step for all of them
    Receipt* const receipt = batch_->receipt(events[i]);
    std::uint32_t run = 1;
    while (i + run < events.size() && batch_->receipt(events[i + run]) == receipt) ++run;
    if (receipt) receipt->settle(run);
    i += run;
  }
}

void Dispatch::settle(std::span<const std::uint32_t> events, Verdict verdict) {
  if (!owed_) {
    pipeline_.settled(verdict, events.size());
    return settle_receipts(events);
  }
  Selection finished;
  std::uint64_t by_verdict[3] = {};
  for (std::uint32_t at : events) {
    std::uint16_t before = owed_[at].load(std::memory_order_relaxed);
    std::uint16_t after;
    do {
      const auto worst =
          std::max<std::uint16_t>(before >> kVerdictShift, static_cast<std::uint16_t>(verdict));
      after = static_cast<std::uint16_t>(worst << kVerdictShift | ((before & kOwedMask) - 1));
    } while (!owed_[at].compare_exchange_weak(before, after, std::memory_order_acq_rel));
    if ((after & kOwedMask) != 0) continue;
    finished.push_back(at);
    ++by_verdict[after >> kVerdictShift];
  }
  for (int v = 0; v < 3; ++v)
    if (by_verdict[v]) pipeline_.settled(static_cast<Verdict>(v), by_verdict[v]);
  settle_receipts(finished);
}

void Delivery::settle(Verdict verdict) {
  output_->settled(verdict, events_.size());
  dispatch_->settle(events_, verdict);
  events_.clear();
}

void Delivery::settle(std::span<const std::uint32_t> settled, Verdict verdict) {
  if (settled.empty()) return;
  const Selection these(settled.begin(), settled.end());
  output_->settled(verdict, these.size());
  dispatch_->settle(these, verdict);
  std::size_t next = 0;
  std::erase_if(events_, [&](std::uint32_t at) {
    if (next >= these.size() || at != these[next]) return false;
    ++next;
    return true;
  });
}

}  // namespace millrace
