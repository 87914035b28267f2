#pragma once

#include <functional>
#include <optional>
#include <string>

#include "pipeline/event/batch.h"
#include "pipeline/event/template.h"
#include "pipeline/plugin/filter.h"
#include "pipeline/regex/regex.h"
#include "plugins/support/field_name.h"

namespace millrace::mutate {

/// What one worker reuses from event to event.
struct Workspace : FilterScratch {
  Buffer text;                  ///< of one operation at a time
  Buffer replacement;           ///< gsub's, with its references filled in
  std::string expression;       ///< the last one that an event's data completed,
  std::optional<Regex> latest;  ///< and what it compiled to; nullopt: it is malformed
};

/// One step of a mutate filter. Immutable; shared by workers. False: it failed, and what follows
/// is not done.
using Operation = std::function<bool(Event, Workspace&)>;

// An operation fails where the name of its field is malformed, or becomes so with the event's data.

/// Sets the field to the text, where `wanted` says so of its value (nullptr: it is missing).
/// `text` is nullopt where it is malformed: then it fails.
Operation set_text(FieldName field, std::optional<Template> text, bool (*wanted)(const Value*));

/// nullopt: the value stays.
using Mapping = std::function<std::optional<Value>(const Value&, Batch&)>;
/// What a list may hold: with `scalar`, an object or a list in it is a failure, with `text` all but
/// strings.
enum class Items { of_any_type, scalar, text };
/// Maps a field's value, or each item of a list. An object stays.
Operation map(FieldName field, Mapping mapping, Items items = Items::of_any_type);

/// `field`'s matches of an expression replaced. The expression is either compiled or a template
/// that is compiled with each event's data, the last one kept.
Operation substitute(FieldName field, std::optional<Regex> regex,
                     std::optional<Template> expression, Template replacement);

Operation rename(FieldName from, FieldName to);
Operation copy(FieldName from, FieldName to);
/// Both as lists, one behind the other; an object takes another's fields over. An object and
/// anything else do not merge.
Operation merge(FieldName into, FieldName from);
Operation split(FieldName field, std::string separator);
Operation join(FieldName field, std::string separator);

}  // namespace millrace::mutate
