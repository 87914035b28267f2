#pragma once

#include <optional>
#include <string>

#include "pipeline/event/event.h"
#include "pipeline/event/template.h"

namespace millrace {

/// The name of a field in an option: a reference, or a template that each event completes to one.
/// Immutable; shared by workers.
class FieldName {
 public:
  /// A reference, `%{...}` in it as it is written. A malformed one is no field of any event.
  static FieldName as_written(const std::string& text);
  /// A template, filled in for each event. Errors: Errc::invalid for a malformed template or, where
  /// there is nothing to fill in, a malformed reference.
  static Result<FieldName> parse(const std::string& text);

  /// The reference for one event; `holder` keeps it where it depends on the event's data. nullptr:
  /// it is malformed, or became so with the data.
  const FieldRef* of(Event event, std::optional<FieldRef>& holder) const;

 private:
  std::optional<FieldRef> fixed_;
  std::optional<Template> computed_;  // for what fixed_ is not enough
};

}  // namespace millrace
