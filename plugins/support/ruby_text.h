#pragma once

#include <string_view>

#include "pipeline/event/batch.h"
#include "pipeline/event/buffer.h"

/// How Ruby shows values to a programmer: what Logstash prints in some places, and what it makes of
/// text that is not valid UTF-8.
namespace millrace {

/// Appends `text` as Ruby's String#inspect gives it, without the quotes around it: quotes,
/// backslashes, control characters and `#{` escaped, bytes that are not UTF-8 as \xHH.
void append_inspected(std::string_view text, Buffer& out);

/// Appends a value as Ruby's #inspect: "text", nil, [1, 2], {"key"=>1}. Timestamps are ISO8601.
void append_inspected(const Batch& batch, const Value& value, Buffer& out);

/// Appends a value as Ruby's #to_s: text as it is, nothing for null, all else as inspected.
void append_to_s(const Batch& batch, const Value& value, Buffer& out);

}  // namespace millrace
