#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/event/template.h"
#include "pipeline/plugin/common_options.h"

namespace millrace {

/// The common options that change events, compiled: add_field, remove_field, add_tag, remove_tag;
/// for inputs also type and tags. Immutable; shared by threads.
class Decorations {
 public:
  Decorations() = default;
  /// What cannot be read (a malformed reference) makes the event fail when it comes to it, as in
  /// Logstash, and is warned of here.
  Decorations(const CommonFilterOptions& options, config::Diagnostics& diagnostics);
  Decorations(const CommonInputOptions& options, config::Diagnostics& diagnostics);

  bool empty() const {
    return add_.empty() && remove_.empty() && add_tags_.empty() && remove_tags_.empty() &&
           type_.empty();
  }

  /// Applies all of them in Logstash's order: add_field, remove_field, add_tag, remove_tag. False:
  /// a field could not be written (a scalar stands in the way, a malformed reference); what came
  /// before it is done.
  bool apply(Event event) const;

 private:
  /// A template that names a field: most are constant and need no work per event.
  struct Target {
    std::optional<FieldRef> fixed;
    std::optional<Template> computed;
    std::optional<FieldRef> resolve(Event event) const;
  };
  struct Addition {
    Target target;
    std::vector<Template> values;
  };

  static Target target(const std::string& text, config::Span span,
                       config::Diagnostics& diagnostics);
  static std::optional<Template> parse(const std::string& text, config::Span span,
                                       config::Diagnostics& diagnostics);
  void read_additions(const Hash& fields, config::Diagnostics& diagnostics);
  static bool add(Event event, const Addition& addition);

  std::vector<Addition> add_;
  std::vector<Target> remove_;
  std::vector<Template> add_tags_;
  std::vector<Template> remove_tags_;
  std::string type_;
  bool broken_ = false;  // something could not be read: every event fails
};

}  // namespace millrace
