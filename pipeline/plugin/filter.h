#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/event/batch.h"

namespace millrace {

/// Memory that a filter reuses from batch to batch, one for each worker.
class FilterScratch {
 public:
  virtual ~FilterScratch() = default;
};

/// One call of a filter: the selected events of a batch, and what came of them.
struct FilterRun {
  Batch& batch;
  /// The events to work on, in leaving order.
  std::span<const std::uint32_t> events;
  /// From make_scratch(); this worker's own.
  FilterScratch* scratch;
  /// To be filled, in order: the events on which the filter succeeded. Only they get the common
  /// options (add_field, add_tag, ...). An event on which it failed gets the filter's failure tag
  /// from the filter itself.
  Selection& matched;

  /// For a filter that drops, splits or clones: from here on `out` lists, in leaving order, the
  /// events that go on after it, new ones included (Batch::add_child). Events left out must have
  /// been given their state (Batch::set_state).
  Selection& reshape() {
    reshaped = true;
    return out;
  }

  Selection out{};
  bool reshaped = false;
};

/// Transforms events in place.
class Filter {
 public:
  virtual ~Filter() = default;

  /// nullptr: it needs none.
  virtual std::unique_ptr<FilterScratch> make_scratch() const { return nullptr; }

  /// Called by all workers at once, each with its own batch and scratch: shared state must be
  /// guarded. No event may get lost: bad data is tagged and kept.
  virtual void apply(FilterRun& run) = 0;

  /// The tag for an event on which a common option could not be carried out; nullopt:
  /// `_NAME_error`.
  virtual std::optional<std::string> common_failure_tag() const { return std::nullopt; }

  /// Lines for `millrace check`: how it will do its work, where that is worth knowing.
  virtual std::vector<std::string> plan_notes() const { return {}; }
  /// Lines for the report at the end: what it counted besides its events. Thread-safe.
  virtual std::vector<std::string> counts() const { return {}; }
};

}  // namespace millrace
