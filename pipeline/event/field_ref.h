#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/event/names.h"
#include "pipeline/result.h"

namespace millrace {

/// How brackets inside a field name are written in a reference (setting
/// config.field_reference.escape_style).
enum class EscapeStyle { none, percent, ampersand };

/// A compiled field reference: `name`, `[name]`, `[a][b]`, `[a][0]`, `[[a][b]][c]`. Immutable;
/// shared by threads.
class FieldRef {
 public:
  struct Step {
    NameId name;
    std::optional<std::int64_t>
        index;  ///< what the step means on an array; negative counts from the end
  };

  /// For load time: the names become process-wide. Errors: Errc::invalid naming the text and what
  /// is wrong with it.
  static Result<FieldRef> parse(std::string_view text);

  /// For references that come out of an event's data: their names stay with the batch.
  static Result<FieldRef> parse(std::string_view text, BatchNames& names);

  /// A reference to one top-level field, whatever characters its name has.
  static FieldRef top(NameId name) {
    return FieldRef({Step{name, std::nullopt}}, std::string(Names::get(name).text));
  }

  /// Set once before any config is read; process-wide, as in Logstash.
  static void set_escape_style(EscapeStyle style);

  const std::vector<Step>& steps() const { return steps_; }
  bool is_top() const { return steps_.size() == 1; }
  NameId first() const { return steps_.front().name; }
  NameId last() const { return steps_.back().name; }
  /// As it was written.
  const std::string& text() const { return text_; }

  /// This reference followed by `[name]`.
  FieldRef child(std::string_view name) const;

 private:
  FieldRef(std::vector<Step> steps, std::string text)
      : steps_(std::move(steps)), text_(std::move(text)) {}
  template <typename Intern>
  static Result<FieldRef> parse_with(std::string_view text, Intern&& intern);

  std::vector<Step> steps_;  // never empty
  std::string text_;
};

}  // namespace millrace
