#pragma once

#include <string_view>

#include "pipeline/event/batch.h"
#include "pipeline/event/buffer.h"

namespace millrace {

/// Appends `text` as a JSON string with quotes. Bytes that are not UTF-8 become U+FFFD, so that the
/// output is JSON whatever came in.
void write_json_string(std::string_view text, Buffer& out);

/// Appends a double in the shortest form that reads back the same, with a fraction where it is
/// whole (`1.0`). NaN and infinities, which JSON lacks, become null.
void write_json_number(double number, Buffer& out);

/// Appends a value as JSON on one line. Timestamps are ISO8601 strings. `batch` owns the value.
void write_json(const Batch& batch, const Value& value, Buffer& out);

/// Appends the whole event as a JSON object; `@metadata` only where it is asked for.
void write_json(const ConstEvent& event, Buffer& out, bool with_metadata = false);

}  // namespace millrace
