#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pipeline/event/batch.h"
#include "pipeline/event/buffer.h"
#include "pipeline/event/field_ref.h"
#include "pipeline/event/time_format.h"
#include "pipeline/result.h"

namespace millrace {

/// Appends a value as templates show it: strings as they are, lists joined by ",", objects as JSON,
/// null as nothing.
void append_text(const Batch& batch, const Value& value, Buffer& out);

/// Appends a value as Java's toString() shows it: `[1, x]`, `{a=1, b=null}`, other types as
/// templates do.
void append_java_text(const Batch& batch, const Value& value, Buffer& out);

/// Text with references, compiled: `%{[a][b]}`, `%{+YYYY.MM.dd}` (Joda), `%{{yyyy}}` (java.time),
/// `%{+%s}` (epoch seconds),
/// `%{{TIME_NOW}}`. Immutable; shared by threads.
class Template {
 public:
  /// Errors: Errc::invalid for a malformed reference or date format, naming it.
  static Result<Template> parse(std::string_view text);

  /// Appends the text for `event`. A reference to a missing field stays as it is written.
  void append(const ConstEvent& event, Buffer& out) const;

  /// The text as a value in `batch`: for a template without references no copy is made and the view
  /// is the template's own.
  Value value(const ConstEvent& event, Batch& batch) const;

  /// No references: `text()` is what it always gives.
  bool is_constant() const { return parts_.empty(); }
  const std::string& text() const { return text_; }

  /// The fields that it reads, for lint and for plans.
  std::vector<const FieldRef*> references() const;

 private:
  struct EpochSeconds {};
  struct TimeNow {};
  using Part = std::variant<std::string, FieldRef, TimeFormat, EpochSeconds, TimeNow>;

  static Result<Part> parse_reference(std::string_view inside);
  void append_part(const Part& part, const ConstEvent& event, Buffer& out) const;

  std::string text_;
  std::vector<Part> parts_;  // empty where text_ is all there is
};

}  // namespace millrace
