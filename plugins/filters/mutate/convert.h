#pragma once

#include <optional>
#include <string_view>

#include "pipeline/event/batch.h"

/// The conversions of mutate's `convert`, as pure functions of one value. Strings are read as Ruby
/// reads them: the longest numeric start counts, none is 0.
namespace millrace::mutate {

/// How digits are grouped: 1,234.5 or 1.234,5.
enum class Grouping { comma, point };

/// nullopt: it cannot be converted (null; an object or a list; an exponent out of all reason).
std::optional<Value> to_integer(const Value& value, Grouping grouping, Batch& batch);
std::optional<Value> to_float(const Value& value, Grouping grouping);
/// What is neither true nor false in any writing stays what it is. Logstash takes 100, 1x0 and the
/// like for 1.0, and 010 for 0.0.
Value to_boolean(const Value& value, Batch& batch);
/// As Ruby's to_s shows it; nullopt for null.
std::optional<Value> to_string(const Value& value, Batch& batch);

}  // namespace millrace::mutate
